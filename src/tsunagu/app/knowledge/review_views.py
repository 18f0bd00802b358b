"""The page of a review, and the sheets that change it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.interruptions import case_sheets
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge.review_page import ReviewPage
from tsunagu.app.knowledge.sheets import ADDING, CHANGING, ReviewForm
from tsunagu.app.lists import render_list
from tsunagu.app.people.permissions import visible_interruptions
from tsunagu.app.people.requests import person


def _found(request: HttpRequest, pk: int) -> Interruption:
    rows = visible_interruptions(person(request))
    return get_object_or_404(rows.select_related("deal__customer", "deal__owner", "review"), pk=pk)


@require_GET
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One review: what happened, why, what worked, what is learnt, what is to change."""
    page = ReviewPage(person(request), _found(request, pk))
    context = {"page": page, "case": page.case, "deal": page.deal}
    return render_list(request, "knowledge/review.html", "knowledge/_review.html", context)


@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, pk: int, name: str, item: int | None = None) -> HttpResponse:
    """A sheet in which the review is changed; a page of its own where there is no script."""
    case = _found(request, pk)
    return case_sheets.use(
        request,
        _form(request, case, name, item),
        heard={"case-changed": ""},
        back=reverse("knowledge:review", args=[case.pk]),
        page="knowledge/sheet.html",
    )


def _form(request: HttpRequest, case: Interruption, name: str, item: int | None) -> ReviewForm:
    user, sent = person(request), request.POST if request.method == "POST" else None
    if item is None:
        if name not in ADDING:
            raise Http404
        return ADDING[name](user, case, sent)
    if name not in CHANGING:
        raise Http404
    kind: Any = CHANGING[name]
    rows = kind.model.objects.select_related("review__case__deal__customer")
    made: ReviewForm = kind(
        user, case, sent, item=get_object_or_404(rows, pk=item, review__case=case)
    )
    return made
