"""Pages about personal data: find a person, see what is held, take it along, erase it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.acting import ActingForm
from tsunagu.app.lists import page_of, render_list, search_text
from tsunagu.app.organisation import erasure, exporting, queries, subjects
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person


class EraseForm(ActingForm):
    """The confirmation."""

    notes = forms.BooleanField(
        label=gettext_lazy("Also replace all notes that this person wrote"),
        required=False,
        initial=True,
    )
    sure = forms.BooleanField(
        label=gettext_lazy("I know that this cannot be undone"),
        error_messages={"required": gettext_lazy("Confirm it first.")},
    )

    def __init__(self, actor: User, subject: Subject, data: Any = None) -> None:
        self.subject = subject
        super().__init__(actor, data)

    def prepare(self) -> None:
        """Contact persons write no notes here."""
        if not self.subject.is_user:
            del self.fields["notes"]

    def perform(self) -> int:
        """Erase."""
        notes = self.cleaned_data.get("notes", False)
        return erasure.erase(self.actor, self.subject, notes=notes)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Contact persons or users, to be found by name or address."""
    _administrator(request)
    kind = "user" if request.GET.get("kind") == "user" else "contact"
    text, sort = search_text(request.GET), request.GET.get("sort", "name")
    rows = queries.people_held(kind, text, sort)
    context = {
        "kind": kind,
        "text": text,
        "sort": sort,
        "page": page_of(rows, request.GET.get("page")),
    }
    return render_list(request, "organisation/privacy.html", "organisation/_privacy.html", context)


@require_http_methods(["GET", "POST"])
def held(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """What is held about one person, and the form that erases it."""
    actor = _administrator(request)
    subject = _subject(kind, pk)
    form = EraseForm(actor, subject, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.act():
        messages.success(request, _("%(name)s is erased.") % {"name": subject.pseudonym})
        return redirect("settings:privacy")
    context = {
        "kind": kind,
        "found": subject.row,
        "form": form,
        "erased": subject.is_erased,
        "active": isinstance(subject.row, User) and subject.row.is_active,
    }
    status = 422 if form.errors else 200
    return render(request, "organisation/privacy_held.html", context, status=status)


@require_GET
def counts(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """How much is held: a part of the page that comes later, for it reads every text there is."""
    _administrator(request)
    held_here = exporting.counts(_subject(kind, pk))
    return render(request, "organisation/_privacy_counts.html", {"counts": held_here})


@require_POST
def export(request: HttpRequest, kind: str, pk: int) -> HttpResponseBase:
    """The ZIP. By POST: it leaves an audit entry."""
    actor = _administrator(request)
    stream = exporting.export(actor, _subject(kind, pk))
    name = f"tsunagu-{kind}-{pk}.zip"
    response = FileResponse(stream, as_attachment=True, filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _administrator(request: HttpRequest) -> User:
    user = person(request)
    require(user, "people.manage")
    return user


def _subject(kind: str, pk: int) -> Subject:
    row = subjects.find(kind, pk)
    if row is None:
        raise Http404
    return Subject.of(row)
