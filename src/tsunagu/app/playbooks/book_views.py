"""Pages of playbooks: the list, one with its history, and the editor."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.interruptions.causes import grouped
from tsunagu.app.lists import page_of, render_list, wants_part
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission, require
from tsunagu.app.people.requests import person
from tsunagu.app.playbooks import actions, effects, filling, queries
from tsunagu.app.playbooks.changes import changes
from tsunagu.app.playbooks.editing import Draft
from tsunagu.app.playbooks.models import LearnedEffects, Playbook, PlaybookVersion
from tsunagu.app.playbooks.shipping import next_number
from tsunagu.app.playbooks.steps import VARIABLES

VERSIONS = 10


@require_GET
def books(request: HttpRequest) -> HttpResponse:
    """The playbooks, by cause and use."""
    wanted = queries.PlaybookFilter.from_query(request.GET)
    context = {
        "page": page_of(queries.playbook_list(wanted), request.GET.get("page"), queries.PAGE_SIZE),
        "wanted": wanted,
        "causes": grouped(),
        "effects": effects.known(),
        "learned": LearnedEffects.objects.defer("content").first(),
        "exploring": effects.explores(),
        "may_configure": has_permission(person(request), actions.CONFIGURE),
    }
    return render_list(request, "playbooks/list.html", "playbooks/_list.html", context)


@require_POST
def learn(request: HttpRequest) -> HttpResponse:
    """Switch exploring on or off, or learn now: ``do`` says which."""
    user, wish = _configurer(request), request.POST.get("do")
    if wish == "learn":
        effects.ask_to_learn(user)
        messages.success(request, _("A worker learns now. Look again in a moment."))
    elif wish in {"explore", "stop"}:
        effects.set_exploring(user, wish == "explore")
        messages.success(request, _("Saved."))
    return redirect("playbooks:list")


@require_GET
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """One playbook as it is used, and its history."""
    found = _found(pk)
    rows = found.versions.select_related("made_by").order_by("-number")
    page = page_of(rows, request.GET.get("page"), VERSIONS)
    context = {
        "playbook": found,
        "content": found.in_use.parsed if found.in_use else None,
        "values": filling.example(),
        "page": page,
        "history": _history(found, list(page)),
        "newer": _newer(found),
        "may_configure": has_permission(person(request), actions.CONFIGURE),
    }
    return render_list(request, "playbooks/book.html", "playbooks/_history.html", context)


def _found(pk: int) -> Playbook:
    rows = Playbook.objects.filter(in_use__isnull=False).select_related("in_use__made_by")
    return get_object_or_404(rows, pk=pk)


def _history(playbook: Playbook, versions: list[PlaybookVersion]) -> list[dict[str, Any]]:
    """Each version with what it changed."""
    if not versions:
        return []
    before = playbook.versions.filter(number__lt=versions[-1].number).order_by("-number").first()
    pairs = zip(versions, [*versions[1:], before], strict=True)
    return [
        {"version": now, "changes": changes(old.parsed, now.parsed) if old else None}
        for now, old in pairs
    ]


def _newer(playbook: Playbook) -> dict[str, Any] | None:
    """A shipped version that came after the people's own one which is in use."""
    used = playbook.in_use
    rows = playbook.versions.filter(shipped__isnull=False).order_by("-number")
    newest = rows.first()
    if used is None or newest is None or newest.number <= used.number:
        return None
    return {"version": newest, "changes": changes(used.parsed, newest.parsed)}


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor; a POST changes the draft, or publishes it: ``do`` says which."""
    user = _configurer(request)
    found = _found(pk)
    if request.method == "GET":
        assert found.in_use is not None  # noqa: S101  # as _found asked for
        return _drawn(request, found, Draft(dict(found.in_use.content), _last(found)))
    draft = Draft.sent(found.key, request.POST)
    if request.POST.get("do") != "publish":
        draft.change(request.POST.get("do", ""))
        return _drawn(request, found, draft)
    return _published(request, user, found, draft)


def _published(request: HttpRequest, user: User, playbook: Playbook, draft: Draft) -> HttpResponse:
    draft.checked = True
    if draft.content is None:
        return _drawn(request, playbook, draft, status=422)
    note = request.POST.get("note", "").replace("\x00", "")
    try:
        made = actions.publish(user, playbook, draft.content, base=draft.base, note=note)
    except ValidationError as refused:
        return _drawn(request, playbook, draft, " ".join(refused.messages), status=422)
    messages.success(request, _("Version %(n)d is in use now.") % {"n": made.number})
    response = redirect("playbooks:book", playbook.pk)
    if wants_part(request):
        # A whole other page, not a part of the editor.
        return HttpResponse(headers={"HX-Redirect": response.url})
    return response


def _last(playbook: Playbook) -> int:
    return next_number(playbook) - 1


def _drawn(
    request: HttpRequest, playbook: Playbook, draft: Draft, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "playbook": playbook,
        "draft": draft,
        "content": draft.content,
        "values": filling.example(),
        "variables": VARIABLES,
        "refusal": refusal,
        "note": request.POST.get("note", ""),
    }
    page = "playbooks/_editor.html" if wants_part(request) else "playbooks/edit.html"
    return render(request, page, context, status=status)


@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """How the draft reads, with examples for its variables."""
    _configurer(request)
    draft = Draft.sent(_found(pk).key, request.POST)
    context = {"draft": draft, "content": draft.content, "values": filling.example()}
    return render(request, "playbooks/_preview.html", context)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """A new playbook, as a copy of one that is there; the editor opens."""
    user = _configurer(request)
    source = _found(queries.pk_of(request.POST.get("copy")))
    assert source.in_use is not None  # noqa: S101  # as _found asked for
    content = source.in_use.parsed
    key = f"{content.key[:50].rstrip('-')}-{uuid.uuid4().hex[:6]}"
    made = actions.add_playbook(user, content.copied(key, _(" (copy)")))
    return redirect("playbooks:edit", made.pk)


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive, use again: ``do`` says which."""
    user = _configurer(request)
    found = _found(pk)
    if request.POST.get("do") in {"archive", "use"}:
        actions.set_archived(user, found, request.POST["do"] == "archive")
        messages.success(request, _("Saved."))
    return redirect("playbooks:book", pk)


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a version of old, or the newer shipped one, up again."""
    user = _configurer(request)
    version = get_object_or_404(PlaybookVersion.objects.select_related("playbook"), pk=pk)
    made = actions.restore(user, version)
    messages.success(request, _("Version %(n)d is in use now.") % {"n": made.number})
    return redirect("playbooks:book", version.playbook_id)


def _configurer(request: HttpRequest) -> User:
    user = person(request)
    require(user, actions.CONFIGURE)
    return user
