"""Pages that a day begins with."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from tsunagu.app.deals.queries import number, shown_deals
from tsunagu.app.interruptions.telling import NEWS_SHOWN, waiting_replies
from tsunagu.app.lists import names_of, page_of, render_list
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission, require
from tsunagu.app.people.requests import person
from tsunagu.app.today import queries
from tsunagu.app.today import team as teams

IDLE_SHOWN = 100
LOOKS = 10
"""How often a card looks for its new score after a change."""


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """The running deals of the person, or of a member of the person's teams."""
    user = person(request)
    member = _member(user, request.GET.get("member"))
    page = page_of(queries.running_deals(user, member), request.GET.get("page"), queries.PAGE_SIZE)
    lines = queries.lines(page)
    leads = has_permission(user, "people.lead")
    context = {
        "today": timezone.localdate(),
        "member": member,
        "members": names_of(queries.members(user)) if leads else None,
        "totals": queries.totals(user, member),
        "page": page,
        "scored": [line for line in lines if line.score],
        "unscored": [line for line in lines if not line.score],
        "replies": waiting_replies(member)[:NEWS_SHOWN],
    }
    return render_list(request, "today/list.html", "today/_rows.html", context)


def _member(user: User, wanted: str | None) -> User:
    pk = number(wanted)
    return user if pk is None else get_object_or_404(queries.members(user), pk=pk)


@require_GET
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """One deal of the list, again after it changed; nothing once it has ended."""
    found = get_object_or_404(shown_deals(person(request)), pk=pk)
    if not found.is_open:
        return HttpResponse()
    looks = (number(request.GET.get("look")) or 0) + 1
    context = {"lines": queries.lines([found]), "look": looks if looks < LOOKS else None}
    return render(request, "today/cards.html", context, using="jinja2")


@require_GET
def team(request: HttpRequest) -> HttpResponse:
    """The members' deals in numbers."""
    user = person(request)
    require(user, "people.lead")
    sort = request.GET.get("sort", teams.DEFAULT_SORT)
    running = teams.running_deals(user)
    numbers = list(teams.by_member(running, sort))
    page = Paginator(numbers, teams.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "sort": sort,
        "page": page,
        "rows": teams.member_rows(user, running, list(page)),
        "totals": teams.totals(numbers),
        "idle": teams.idle_members(user, running)[:IDLE_SHOWN],
        "silent_days": teams.SILENT_DAYS,
    }
    return render_list(request, "today/team.html", "today/_team.html", context)
