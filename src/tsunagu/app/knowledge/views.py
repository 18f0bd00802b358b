"""Pages of lessons and improvements, and of the reviews that are due."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.deals.queries import stage_choices
from tsunagu.app.interruptions.causes import Category, grouped
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import queries
from tsunagu.app.knowledge.effect import effect
from tsunagu.app.knowledge.forms import next_form
from tsunagu.app.knowledge.models import Followed
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.permissions import has_permission, require, visible_interruptions
from tsunagu.app.people.requests import person

PAGE = 30


@require_GET
def lessons(request: HttpRequest) -> HttpResponse:
    """The lessons, to be searched."""
    wanted = queries.Wanted.from_query(request.GET)
    words = wanted.words
    page = page_of(queries.lessons(wanted, words), request.GET.get("page"), PAGE)
    context = {**_filters(wanted, words), "page": page, "products": queries.products()}
    return render_list(request, "knowledge/list.html", "knowledge/_lessons.html", context)


@require_GET
def improvements(request: HttpRequest) -> HttpResponse:
    """The improvements, and which are overdue."""
    wanted = queries.Wanted.from_query(request.GET)
    words = wanted.words
    rows = queries.improvements(person(request), wanted, words)
    page = page_of(rows, request.GET.get("page"), PAGE)
    context = {**_filters(wanted, words), "page": page, "states": Followed}
    return render_list(
        request, "knowledge/improvements.html", "knowledge/_improvements.html", context
    )


def _filters(wanted: queries.Wanted, words: list[str]) -> dict[str, Any]:
    return {
        "wanted": wanted,
        "words": words,
        "categories": Category,
        "causes": grouped(),
        "stages": stage_choices(),
    }


@require_GET
def lesson(request: HttpRequest, pk: int) -> HttpResponse:
    """One lesson, and where it came from if the reader may see that."""
    found = get_object_or_404(queries.published().select_related("stage", "review"), pk=pk)
    context = {"lesson": found, "origin": _origin(request, found.review.case_id)}
    return render(request, "knowledge/lesson.html", context)


def _origin(request: HttpRequest, case: int) -> Interruption | None:
    rows = visible_interruptions(person(request)).select_related("deal__customer")
    return rows.filter(pk=case).first()


@require_http_methods(["GET", "POST"])
def improvement(request: HttpRequest, pk: int) -> HttpResponse:
    """One improvement: how far it is, and what the numbers say."""
    user = person(request)
    rows = queries.visible_improvements(user).select_related(
        "stage__process", "owner", "team", "review__case__deal__customer"
    )
    found = get_object_or_404(rows, pk=pk)
    if request.method == "POST":
        require(user, "reviews.follow", found)
    form = next_form(user, found, request.POST if request.method == "POST" else None)
    if form is not None and form.is_bound and form.act():
        messages.success(request, _("Kept."))
        return redirect("knowledge:improvement", found.pk)
    context = {
        "improvement": found,
        "form": form if has_permission(user, "reviews.follow", found) else None,
        "effect": effect(found),
        "origin": _origin(request, found.review.case_id),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "knowledge/improvement.html", context, status=status)


@require_GET
def due(request: HttpRequest) -> HttpResponse:
    """The reviews that are due."""
    page = page_of(queries.due(person(request)), request.GET.get("page"), PAGE)
    return render_list(request, "knowledge/due.html", "knowledge/_due.html", {"page": page})


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """How many reviews are due, for the navigation."""
    return render(request, "knowledge/_count.html", {"count": queries.due(person(request)).count()})
