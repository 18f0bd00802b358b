"""Pages of imports: upload, columns, dry run, progress, result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.exchange import actions, mapping, queries, reading, store
from tsunagu.app.exchange.models import FileKind, Import, State
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person

BEFORE_CHECK = frozenset({State.UPLOADED, State.MAPPED})


@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Step 1: choose files and what their rows are; below, all imports."""
    user = _importer(request)
    if request.method == "POST" and (done := _uploaded(request, user)):
        return (
            redirect("imports:columns", done[0].pk) if len(done) == 1 else redirect("imports:list")
        )
    context = {
        "page": page_of(queries.import_list(), request.GET.get("page")),
        "kinds": FileKind.choices,
        "kind": request.POST.get("kind", FileKind.DEALS),
        "types": ",".join(reading.TYPES),
        "limit": store.SIZE_LIMIT // actions.MEGABYTE,
        "step": 1,
    }
    return render_list(request, "exchange/list.html", "exchange/_table.html", context)


def _uploaded(request: HttpRequest, user: User) -> list[Import]:
    """Imports of the uploaded files; what cannot be used is said in messages."""
    done = []
    files = request.FILES.getlist("files")
    if not files:
        messages.error(request, actions.no_file())
    for file in files:
        try:
            kind, name = request.POST.get("kind", ""), file.name or ""
            done.append(
                actions.upload(
                    user, kind=kind, name=name, size=file.size or 0, blocks=file.chunks()
                )
            )
        except ValidationError as error:
            messages.error(request, f"{file.name}: {' '.join(error.messages)}")
    return done


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Steps 3 to 5: the dry run, the progress, the result."""
    _importer(request)
    source = _found(pk)
    if source.state in BEFORE_CHECK:
        return redirect("imports:columns", pk)
    return render(request, "exchange/show.html", queries.status_context(source))


@require_GET
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of :func:`show` that follows the work; work whose worker vanished goes on."""
    _importer(request)
    source = _found(pk)
    if actions.resume(source):
        source = _found(pk)
    return render(request, "exchange/_status.html", queries.status_context(source))


@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Step 2: what each column and word means. ``preview`` shows a choice without keeping it."""
    user = _importer(request)
    source = _found(pk)
    chosen = mapping.kept(source)
    if request.method == "POST":
        chosen = mapping.from_form(source, request.POST.dict())
        if "save" in request.POST and _saved(request, user, source, chosen):
            return redirect("imports:show", pk)
    context = queries.columns_context(source, chosen)
    return render_list(request, "exchange/columns.html", "exchange/_columns.html", context)


def _saved(request: HttpRequest, user: User, source: Import, chosen: mapping.Mapping) -> bool:
    try:
        actions.map_columns(user, source, chosen)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True


@require_POST
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Read another sheet of the workbook, and go back to the columns."""
    user = _importer(request)
    try:
        actions.choose_sheet(user, _found(pk), request.POST.get("sheet", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("imports:columns", pk)


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the import, or go on with it."""
    return _act(request, pk, actions.start)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop it."""
    return _act(request, pk, actions.cancel)


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back."""
    return _act(request, pk, actions.request_undo)


def _act(request: HttpRequest, pk: int, action: Callable[[User, Import], Any]) -> HttpResponse:
    user = _importer(request)
    try:
        action(user, _found(pk))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("imports:show", pk)


@require_GET
def problems(request: HttpRequest, pk: int) -> HttpResponse:
    """All rows that are left out, page by page."""
    _importer(request)
    source = _found(pk)
    page = page_of(source.problems.all(), request.GET.get("page"))
    context = {"source": source, "page": page, "problems": queries.worded(page.object_list)}
    return render_list(request, "exchange/problems.html", "exchange/_problems.html", context)


@require_GET
def rejects(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of the rows that are left out, to be mended and uploaded again."""
    _importer(request)
    path = store.rejects_file(_found(pk))
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"rejects-{path.name}")


def _importer(request: HttpRequest) -> User:
    user = person(request)
    require(user, "exchange.run")
    return user


def _found(pk: int) -> Import:
    return get_object_or_404(Import.objects.select_related("user"), pk=pk)
