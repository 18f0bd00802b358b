"""The team room on the page of a case."""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.interruptions import case_sheets
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.lists import plain_text, render_list, wants_part
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_interruptions
from tsunagu.app.people.requests import person
from tsunagu.app.rooms import actions, mentions, room, watching
from tsunagu.app.rooms.files import KINDS
from tsunagu.app.rooms.forms import AskForm, CommentForm, CorrectForm
from tsunagu.app.rooms.models import Attachment, Comment
from tsunagu.app.rooms.timeline import Place

CHANGED = {"room-changed": ""}


def _found(user: User, pk: int) -> Interruption:
    rows = visible_interruptions(user).select_related(
        "deal__customer", "deal__owner", "deal__team", "deal__stage"
    )
    return get_object_or_404(rows, pk=pk)


@require_GET
def timeline_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The timeline, or its next older entries; a page of its own where there is no script."""
    user = person(request)
    case = _found(user, pk)
    before = Place.parse(request.GET.get("before", ""))
    context = {"room": room.Room(user, case, request.GET.get("kind", ""), before), "case": case}
    part = "rooms/_entries.html" if before else "rooms/_timeline.html"
    return render_list(request, "rooms/timeline.html", part, context)


@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Something is said; the answer is an empty form, or this one with what is wrong."""
    user = person(request)
    case = _found(user, pk)
    form = CommentForm(user, case, request.POST, request.FILES)
    done = form.act()
    if not wants_part(request):
        return _after_writing(request, form, done)
    shown = room.Room(user, case, form=None if done else form)
    response = render(request, "rooms/_say.html", {"room": shown, "said": done and form.done})
    response.status_code = 200 if done else 422
    if done:
        response.headers["HX-Trigger"] = json.dumps(CHANGED)
    return response


def _after_writing(request: HttpRequest, form: CommentForm, done: bool) -> HttpResponse:
    if not done:
        shown = room.Room(form.actor, form.case, form=form)
        context = {"room": shown, "case": form.case}
        return render(request, "rooms/timeline.html", context, status=422)
    messages.success(request, form.done)
    return _back(form.case.pk)


@require_GET
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom one may mean by what was typed after an ``@``."""
    user = person(request)
    case = _found(user, pk)
    typed = plain_text(request.GET.get("q", ""), 40)
    return render(
        request, "rooms/_people.html", {"people": mentions.suggested(user, case.deal, typed)}
    )


@require_POST
def watch(request: HttpRequest, pk: int) -> HttpResponse:
    """Watch the case, or no longer."""
    user = person(request)
    case = _found(user, pk)
    watching.watch(user, case, wanted=request.POST.get("wanted") == "1")
    if wants_part(request):
        return render(request, "rooms/_watch.html", {"room": room.Room(user, case)})
    return _back(pk)


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet in which one's own new comment is put right."""
    user = person(request)
    rows = Comment.objects.filter(case__in=visible_interruptions(user))
    found = get_object_or_404(
        rows.select_related("case__deal__customer", "case__deal__team"), pk=pk
    )
    if not actions.may_correct(user, found):
        raise PermissionDenied(_("A comment is its author's to correct, for 15 minutes."))
    form = CorrectForm(user, found, request.POST if request.method == "POST" else None)
    return case_sheets.use(request, form, heard=CHANGED, back=_address(found.case_id))


@require_POST
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """A comment becomes a decision of the team, or is one no longer."""
    user = person(request)
    rows = Comment.objects.filter(case__in=visible_interruptions(user))
    found = get_object_or_404(rows.select_related("case__deal__team"), pk=pk)
    actions.mark_decision(user, found, marked=request.POST.get("marked") == "1")
    return _changed(request, found.case_id)


def _attachment(user: User, pk: int) -> Attachment:
    rows = Attachment.objects.filter(case__in=visible_interruptions(user))
    return get_object_or_404(rows.select_related("case__deal"), pk=pk)


@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """A file, to be saved: no browser opens it as a page of ours."""
    found = _attachment(person(request), pk)
    try:
        stream = found.file.open("rb")
    except FileNotFoundError:
        messages.error(request, _("The file is no longer there."))
        return _back(found.case_id)
    response = FileResponse(
        stream,
        as_attachment=True,
        filename=found.name,
        content_type=KINDS[found.kind].content_type,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
def remove_file(request: HttpRequest, pk: int) -> HttpResponse:
    """A file is taken off the case for good."""
    user = person(request)
    found = _attachment(user, pk)
    actions.remove_file(user, found)
    return _changed(request, found.case_id)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet in which people who resumed similar cases are asked."""
    user = person(request)
    case = _found(user, pk)
    form = AskForm(user, case, request.POST if request.method == "POST" else None)
    return case_sheets.use(request, form, heard=CHANGED, back=_address(case.pk))


def _changed(request: HttpRequest, case: int) -> HttpResponse:
    """The room hears that something in it changed."""
    if not wants_part(request):
        return _back(case)
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(CHANGED)})


def _back(case: int) -> HttpResponseRedirect:
    return redirect(_address(case))


def _address(case: int) -> str:
    return reverse("interruptions:detail", args=[case]) + "#room"
