"""Pages of exports: choose a format, watch it being prepared, fetch it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.exports import actions, lists, store
from tsunagu.app.exports.models import Export, Format, State
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.permissions import has_permission, require
from tsunagu.app.people.requests import person


@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """One's own exports, and what there is beside lists."""
    user = person(request)
    context = {
        "page": page_of(Export.objects.filter(user=user), request.GET.get("page")),
        "may_archive": has_permission(user, "exports.archive"),
        "states": State,
    }
    return render_list(request, "exports/list.html", "exports/_table.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, name: str) -> HttpResponse:
    """Choose a format for a list as its page was asked for."""
    user, query = person(request), request.GET.urlencode()
    listed = lists.allowed(user, name)
    error, status = "", 200
    if request.method == "POST":
        try:
            return _to(actions.export_list(user, name, request.POST.get("format", ""), query))
        except ValidationError as refused:
            error, status = " ".join(refused.messages), 422
    context = {
        "listed": listed,
        "beside": [lists.every()[other] for other in listed.beside],
        "query": query,
        "count": lists.rows(listed, user, query).count(),
        "formats": [(form.value, form.label) for form in actions.LIST_FORMATS],
        "error": error,
    }
    return render(request, "exports/new.html", context, status=status)


@require_POST
def log(request: HttpRequest) -> HttpResponse:
    """Ask for the event log."""
    return _to(actions.export_log(person(request)))


@require_POST
def archive(request: HttpRequest) -> HttpResponse:
    """Ask for the whole organisation."""
    return _to(actions.export_archive(person(request)))


def _to(export: Export) -> HttpResponse:
    """The page that fetches the file by itself once it is there."""
    return redirect(f"{reverse('exports:show', args=[export.pk])}?fetch=1")


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One export."""
    return render(request, "exports/show.html", _context(request, pk))


@require_GET
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of :func:`show` that follows the work."""
    return render(request, "exports/_status.html", _context(request, pk))


def _context(request: HttpRequest, pk: int) -> dict[str, Any]:
    export = _own(request, pk)
    done = store.done(export)
    return {
        "export": export,
        "title": lists.every()[export.what].title if export.what in lists.every() else "",
        "done": done,
        "percent": min(99, 100 * done // export.total) if export.total else 0,
        "fetch": "fetch" in request.GET,
        "states": State,
    }


@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, for whom it was made and as long as that person may see such a list."""
    export = _own(request, pk)
    if export.what:
        lists.allowed(export.user, export.what)
    elif export.format == Format.ARCHIVE:
        require(export.user, "exports.archive")
    path = store.file_of(export)
    if export.state != State.READY or not path.exists():
        raise Http404
    response = FileResponse(path.open("rb"), as_attachment=True, filename=export.file_name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _own(request: HttpRequest, pk: int) -> Export:
    return get_object_or_404(Export.objects.select_related("user"), pk=pk, user=person(request))
