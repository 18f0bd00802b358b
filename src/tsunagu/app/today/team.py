"""What a manager asks about the team: the running deals by member, counted in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.queries import living_cases
from tsunagu.app.lists import ordering
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_deals
from tsunagu.app.today.queries import members

SILENT_DAYS = 14
"""So many days without any activity make a deal silent."""

PAGE_SIZE = 50
SORTS = {
    "name": "owner__name",
    "deals": "count",
    "amount": "total",
    "expected": "expected",
    "silent": "silent",
    "overdue": "overdue",
}
DEFAULT_SORT = "-expected"


@dataclass(frozen=True)
class MemberRow:
    """A member's numbers, and the deal most likely to break off with its open interruption."""

    member: User
    numbers: Mapping[str, Any]
    riskiest: Deal | None
    case: Interruption | None
    open_here: bool


def running_deals(user: User) -> QuerySet[Deal]:
    """The running deals that ``user`` answers for."""
    return visible_deals(user).filter(outcome__isnull=True)


def by_member(running: QuerySet[Deal], sort: str) -> QuerySet[Deal, Any]:
    """One row a member with running deals: ``owner`` (id) and the numbers, in the wanted order.

    Take all members at once: what their deals sum up to is on the page as well, and this is the
    one query that has to look at every deal.
    """
    rows = running.order_by().values("owner").annotate(**_numbers())
    order = ordering(sort, SORTS, DEFAULT_SORT)
    return rows.order_by(*order[:-1], F("owner").asc())


def totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The same numbers over all members: sums of what is known, None where nothing is."""
    return {
        name: sum(known) if (known := [r[name] for r in rows if r[name] is not None]) else None
        for name in _numbers()
    }


def _numbers() -> dict[str, Any]:
    today = timezone.localdate()
    limit = timezone.now() - timedelta(days=SILENT_DAYS)
    quiet = Q(last_activity_at__lt=limit) | Q(last_activity_at__isnull=True, created_at__lt=limit)
    return {
        "count": Count("pk"),
        "total": Sum("amount"),
        "expected": Sum("score__risk_30"),
        "silent": Count("pk", filter=quiet),
        "overdue": Count("pk", filter=Q(next_step_on__lt=today)),
    }


def member_rows(
    user: User, running: QuerySet[Deal], numbers: list[dict[str, Any]]
) -> list[MemberRow]:
    """People and riskiest deals for a page of :func:`by_member`: four queries."""
    riskiest = running.filter(owner=OuterRef("pk"), score__isnull=False).order_by(
        "-score__risk_30", "pk"
    )
    people = (
        User.objects.select_related("team")
        .annotate(riskiest=Subquery(riskiest.values("pk")[:1]))
        .in_bulk([row["owner"] for row in numbers])
    )
    wanted = [person.riskiest for person in people.values() if person.riskiest]
    deals = Deal.objects.select_related("score").only("title", "score__risk_30").in_bulk(wanted)
    cases = living_cases(wanted)
    reachable = set(members(user).filter(pk__in=people).values_list("pk", flat=True))
    return [
        MemberRow(
            member=people[row["owner"]],
            numbers=row,
            riskiest=deals.get(people[row["owner"]].riskiest or 0),
            case=cases.get(people[row["owner"]].riskiest or 0),
            open_here=row["owner"] in reachable,
        )
        for row in numbers
    ]


def idle_members(user: User, running: QuerySet[Deal]) -> QuerySet[User]:
    """Active members without a running deal."""
    theirs = running.filter(owner=OuterRef("pk"))
    return members(user).filter(~Exists(theirs), is_active=True, team__isnull=False)
