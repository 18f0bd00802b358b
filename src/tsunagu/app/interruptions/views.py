"""Pages of interruptions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.deals import sheets
from tsunagu.app.deals.models import Process
from tsunagu.app.deals.queries import number, shown_deals
from tsunagu.app.interruptions import actions, forms, limits, quality, queries
from tsunagu.app.interruptions.causes import Category, grouped
from tsunagu.app.interruptions.models import Interruption, LearnedThresholds
from tsunagu.app.interruptions.states import State
from tsunagu.app.interruptions.telling import NEWS_SHOWN, waiting_replies
from tsunagu.app.lists import page_of, render_list, wants_part
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import (
    has_permission,
    require,
    visible_interruptions,
    visible_users,
)
from tsunagu.app.people.requests import person


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Suspicions, to be confirmed or dismissed."""
    user = person(request)
    wanted = queries.CaseFilter.from_query(request.GET, queries.INBOX_SORT)
    rows = queries.inbox(user, wanted)
    page = page_of(rows, request.GET.get("page"), queries.INBOX_PAGE)
    context = {
        "wanted": wanted,
        "page": page,
        "replies": waiting_replies(user)[:NEWS_SHOWN],
        "quiet": None if page.object_list or wanted.narrows else queries.quiet(user),
        "kinds": queries.kind_names(get_language() or "ja"),
        "owners": visible_users(user),
        "triage": True,
    }
    return render_list(request, "interruptions/inbox.html", "interruptions/_inbox.html", context)


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """How many suspicions wait, for the navigation."""
    context = {"count": queries.suspected_count(person(request))}
    return render(request, "interruptions/_count.html", context)


@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """The list of all cases."""
    user = person(request)
    wanted = queries.CaseFilter.from_query(request.GET, queries.LIST_SORT)
    context = {
        "wanted": wanted,
        "page": page_of(queries.all_cases(user, wanted), request.GET.get("page")),
        "states": State,
        "categories": Category,
        "causes": grouped(),
        "owners": visible_users(user),
    }
    return render_list(request, "interruptions/all.html", "interruptions/_table.html", context)


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """States as columns."""
    user = person(request)
    owner = number(request.GET.get("owner"))
    context = {
        "columns": list(queries.board(user, owner)),
        "owner": owner,
        "owners": visible_users(user),
    }
    return render_list(request, "interruptions/board.html", "interruptions/_board.html", context)


@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A sheet in which a case is decided on; a page of its own where there is no script."""
    user = person(request)
    found = _case(user, pk)
    sent = request.POST if request.method == "POST" else None
    return _sheet(request, forms.SHEETS[name](user, found.deal, found, sent))


@require_http_methods(["GET", "POST"])
def open_by_hand(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet in which the deal ``pk`` is said to be interrupted."""
    user = person(request)
    deal = get_object_or_404(shown_deals(user), pk=pk)
    sent = request.POST if request.method == "POST" else None
    return _sheet(request, forms.OpenForm(user, deal, queries.living_case(deal), sent))


@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """A dismissal is taken back."""
    user = person(request)
    found = _case(user, pk)
    try:
        actions.reopen(user, found)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("interruptions:detail", found.pk)


@require_GET
def quality_page(request: HttpRequest) -> HttpResponse:
    """How good detection is."""
    user = person(request)
    context = {
        "quality": quality.quality(user, get_language() or "ja"),
        "may_configure": has_permission(user, "interruptions.configure"),
    }
    return render(request, "interruptions/quality.html", context)


@require_http_methods(["GET", "POST"])
def thresholds(request: HttpRequest) -> HttpResponse:
    """From which measure on a signal is raised, by process."""
    user = person(request)
    require(user, "interruptions.configure")
    processes = list(Process.objects.filter(archived=False))
    wanted = number(request.GET.get("process"))
    process = next((p for p in processes if p.pk == wanted), processes[0] if processes else None)
    form = _threshold_form(request, process) if process else None
    if form is not None and form.is_bound and form.is_valid():
        form.save(user)
        messages.success(request, _("The thresholds are kept; the deals are looked at again."))
        return redirect(request.get_full_path())
    context = {
        "processes": processes,
        "process": process,
        "form": form,
        "rows": form.rows if form else [],
        "learned": LearnedThresholds.objects.first(),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "interruptions/thresholds.html", context, status=status)


def _threshold_form(request: HttpRequest, process: Process) -> forms.ThresholdForm:
    shown = limits.of_process(process, get_language() or "ja")
    return forms.ThresholdForm(process, shown, request.POST if request.method == "POST" else None)


def _case(user: User, pk: int) -> Interruption:
    return get_object_or_404(queries.shown(visible_interruptions(user)), pk=pk)


def _sheet(request: HttpRequest, form: forms.Sheet) -> HttpResponse:
    part = wants_part(request)
    context: dict[str, Any] = {"form": form, "deal": form.deal, "part": part}
    page = "interruptions/_sheet.html" if part else "interruptions/sheet.html"
    return sheets.use(
        request,
        form,
        draw=lambda status: render(request, page, context, status=status),
        done=lambda said: sheets.finish(
            request,
            said,
            {"case-changed": "", **sheets.changed(form.deal)},
            reverse("interruptions:list"),
        ),
    )
