"""The page of a review, and the sheets that change it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.deals import sheets
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge.review_page import ReviewPage
from tsunagu.app.knowledge.sheets import ADDING, CHANGING, ReviewForm
from tsunagu.app.lists import render_list, wants_part
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
    form = _form(request, _found(request, pk), name, item)
    part = wants_part(request)
    page = "interruptions/_case_sheet.html" if part else "knowledge/sheet.html"
    context = {"form": form, "case": form.case, "deal": form.deal, "part": part}
    return sheets.use(
        request,
        form,
        draw=lambda status: render(request, page, context, status=status),
        done=lambda said: _done(request, form, said),
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


def _done(request: HttpRequest, form: ReviewForm, said: str) -> HttpResponse:
    if wants_part(request):
        return sheets.closing(said, {"case-changed": ""})
    messages.success(request, said)
    return redirect("knowledge:review", form.case.pk)
