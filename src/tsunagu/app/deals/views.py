"""Pages of deals."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.deals import board as boards
from tsunagu.app.deals import forms, history, queries, sheets, timeline
from tsunagu.app.deals.models import Deal, Stage
from tsunagu.app.deals.risk import TREND_DAYS, trend
from tsunagu.app.lists import names_of, page_of, render_list, wants_part
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission, teams_led, visible_users
from tsunagu.app.people.requests import person

HISTORY_PAGE = 60


@require_GET
def deals(request: HttpRequest) -> HttpResponse:
    """The list of deals."""
    user = person(request)
    wanted = queries.DealFilter.from_query(request.GET)
    context = {
        "wanted": wanted,
        "page": page_of(queries.deal_list(user, wanted), request.GET.get("page")),
        "stages": queries.stage_choices(),
        "owners": names_of(visible_users(user)),
    }
    return render_list(request, "deals/list.html", "deals/_table.html", context)


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Stages as columns."""
    user = person(request)
    wanted = boards.BoardFilter.from_query(request.GET)
    process = boards.chosen_process(wanted)
    columns = list(boards.columns(user, process, wanted)) if process else []
    context = {
        "wanted": wanted,
        "process": process,
        "processes": boards.processes(),
        "columns": columns,
        "cards": [card for column in columns for card in column.cards],
        "owners": names_of(visible_users(user)),
        "teams": names_of(teams_led(user)),
    }
    return render_list(request, "deals/board.html", "deals/_board.html", context)


@require_GET
def column(request: HttpRequest, pk: int) -> HttpResponse:
    """More cards of the stage ``pk``."""
    stage = get_object_or_404(Stage, pk=pk)
    rows = boards.running(person(request), boards.BoardFilter.from_query(request.GET))
    page = page_of(boards.in_stage(rows, stage), request.GET.get("page"), boards.CARDS)
    cards = boards.cards(cast("QuerySet[Deal]", page.object_list))
    return render(request, "deals/_more_cards.html", {"page": page, "cards": cards, "stage": stage})


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """A card was dropped on another column: move the deal, or say why not."""
    user = person(request)
    found = get_object_or_404(queries.shown_deals(user), pk=pk)
    form = forms.MoveForm(user, found, request.POST)
    try:
        said = form.act() if form.is_valid() else None
    except PermissionDenied as refused:
        return JsonResponse({"message": str(refused)}, status=403)
    if said is None:
        words = [str(e) for errors in form.errors.values() for e in errors]
        return JsonResponse({"message": " ".join(words)}, status=422)
    return JsonResponse({"message": said})


@require_GET
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    """One deal: its state, its risk, and its facts."""
    user = person(request)
    found = get_object_or_404(queries.shown_deals(user), pk=pk)
    show = request.GET.get("show", "")
    page = page_of(history.events_of(found, show), request.GET.get("page"), HISTORY_PAGE)
    context = {
        "deal": found,
        "show": show,
        "page": page,
        "told": history.tell(page),
        "plan": queries.plan_of(found),
        "may_log": has_permission(user, "deals.log", found),
        "may_change": found.is_open and has_permission(user, "deals.change", found),
        "may_assign": has_permission(user, "deals.assign", found),
        **_curve(found),
    }
    return render_list(request, "deals/detail.html", "deals/_deal.html", context)


def _curve(found: Deal) -> dict[str, Any]:
    today = timezone.localdate()
    points = queries.risk_points([found.pk], today - timedelta(days=TREND_DAYS)).get(found.pk, [])
    score = getattr(found, "score", None)
    return {
        "score": score,
        "trend": trend(score.risk_30, points, today) if score else None,
        "points": points[::-1],
    }


@require_GET
def chart(request: HttpRequest, pk: int) -> JsonResponse:
    """The data of the deal's timeline chart."""
    found = get_object_or_404(queries.shown_deals(person(request)), pk=pk)
    return JsonResponse(timeline.data(found))


@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A sheet in which the deal is changed; a page of its own where there is no script."""
    user = person(request)
    found = get_object_or_404(queries.shown_deals(user), pk=pk)
    sent = request.POST if request.method == "POST" else None
    form = forms.SHEETS[name](user, found, sent)
    return sheets.use(
        request,
        form,
        draw=lambda status: _sheet(request, form, name, status=status),
        done=lambda said: _done(request, user, form, said),
    )


def _sheet(
    request: HttpRequest, form: forms.DealForm, name: str, *, said: str = "", status: int = 200
) -> HttpResponse:
    part = wants_part(request)
    context = {"form": form, "name": name, "deal": form.deal, "said": said, "part": part}
    page = "deals/_sheet.html" if part else "deals/sheet.html"
    return render(request, page, context, status=status)


def _done(request: HttpRequest, user: User, form: forms.DealForm, said: str) -> HttpResponse:
    """After a change: the next sheet, if one follows; the page under it hears of the change."""
    found = form.deal
    if not wants_part(request):
        messages.success(request, said)
        return redirect("deals:detail", found.pk)
    follows = isinstance(form, forms.LogForm) and found.is_open and found.next_step_on is None
    if not follows:
        return sheets.closing(said, sheets.changed(found))
    response = _sheet(request, forms.PlanForm(user, found), "plan", said=said)
    response.headers["HX-Trigger"] = json.dumps(sheets.changed(found))
    return response
