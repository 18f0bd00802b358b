"""The page of one case, its chart, and the sheets that change it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.deals import timeline
from tsunagu.app.interruptions import case_sheets, evidence, restart_sheets, sheets, shipped
from tsunagu.app.interruptions.case_page import CasePage
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.sheets import FindingForm, WithdrawForm
from tsunagu.app.lists import render_list
from tsunagu.app.people.permissions import visible_interruptions
from tsunagu.app.people.requests import person

SHEETS = {**sheets.SHEETS, **restart_sheets.SHEETS}
"""Every sheet of a case by the name of its address."""


def _found(request: HttpRequest, pk: int) -> Interruption:
    rows = visible_interruptions(person(request)).select_related(
        "deal__customer", "deal__owner__team", "deal__created_owner", "deal__team", "deal__stage"
    )
    return get_object_or_404(rows.select_related("previous", "next"), pk=pk)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: what it stands on, why, what is not known yet, what hangs on it."""
    page = CasePage(person(request), _found(request, pk))
    context = {"page": page, "case": page.case, "deal": page.deal}
    return render_list(request, "interruptions/detail.html", "interruptions/_case.html", context)


@require_GET
def chart(request: HttpRequest, pk: int) -> JsonResponse:
    """The data of the deal's chart, with the case's signals in it."""
    case = _found(request, pk)
    return JsonResponse(evidence.with_marks(timeline.data(case.deal), case.signals.all()))


@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A sheet in which the case is changed; a page of its own where there is no script."""
    sent = request.POST if request.method == "POST" else None
    return case_sheets.use(request, SHEETS[name](person(request), _found(request, pk), sent))


@require_http_methods(["GET", "POST"])
def finding(request: HttpRequest, pk: int, question: str) -> HttpResponse:
    """A sheet in which a question of the diagnosis is answered."""
    case = _found(request, pk)
    asked = shipped.question(question)
    if asked is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    return case_sheets.use(request, FindingForm(person(request), case, sent, question=asked))


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: int, inquiry: int) -> HttpResponse:
    """A sheet in which the link to a question form is withdrawn."""
    case = _found(request, pk)
    asked = get_object_or_404(case.inquiries, pk=inquiry)
    sent = request.POST if request.method == "POST" else None
    return case_sheets.use(request, WithdrawForm(person(request), case, sent, inquiry=asked))
