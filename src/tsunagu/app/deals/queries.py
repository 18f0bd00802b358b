"""What pages ask about deals. Each sees only what the person may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict

from tsunagu.app.deals.models import Deal, Event, Kind, Process, Stage
from tsunagu.app.lists import ordering, search_text
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_deals

SORTS = {
    "close": "close_date",
    "amount": "amount",
    "activity": "last_activity_at",
    "next": "next_step_on",
    "title": "title",
}
DEFAULT_SORT = "close"


@dataclass(frozen=True)
class DealFilter:
    """What a person asked the list for. Unknown values ask for nothing."""

    text: str = ""
    stage: int | None = None
    owner: int | None = None
    status: str = "open"
    sort: str = DEFAULT_SORT

    @classmethod
    def from_query(cls, query: QueryDict) -> DealFilter:
        """The filter that an address's query asks for."""
        return cls(
            text=search_text(query),
            stage=number(query.get("stage")),
            owner=number(query.get("owner")),
            status=query.get("status", "open"),
            sort=query.get("sort", DEFAULT_SORT),
        )

    @property
    def narrows(self) -> bool:
        """Whether anything but the order was asked for."""
        return bool(self.text or self.stage or self.owner or self.status != "open")


def deal_list(user: User, wanted: DealFilter) -> QuerySet[Deal]:
    """Deals for the list, with what its columns show, in the wanted order."""
    rows = visible_deals(user).select_related("customer", "owner", "stage")
    if wanted.status in {"open", "ended"}:
        rows = rows.filter(outcome__isnull=wanted.status == "open")
    if wanted.stage is not None:
        rows = rows.filter(stage=wanted.stage)
    if wanted.owner is not None:
        rows = rows.filter(owner=wanted.owner)
    if wanted.text:
        rows = rows.filter(
            Q(title__icontains=wanted.text) | Q(customer__name__icontains=wanted.text)
        )
    return rows.order_by(*ordering(wanted.sort, SORTS, DEFAULT_SORT))


def stage_choices() -> QuerySet[Stage]:
    """Stages of all processes, for a filter."""
    return Stage.objects.select_related("process")


def process_list() -> QuerySet[Process]:
    """Processes with the numbers of their stages and running deals."""
    steps = Stage.objects.filter(process=OuterRef("pk"), retired=False).order_by().values("process")
    running = Deal.objects.filter(process=OuterRef("pk"), outcome__isnull=True)
    deals = running.order_by().values("process")
    return Process.objects.annotate(
        steps=Coalesce(Subquery(steps.annotate(n=Count("pk")).values("n")), 0),
        running=Coalesce(Subquery(deals.annotate(n=Count("pk")).values("n")), 0),
    )


def shown_deals(user: User) -> QuerySet[Deal]:
    """Deals that ``user`` may see, with all that a page about one of them says."""
    return visible_deals(user).select_related(
        "customer", "owner", "stage", "team", "process", "score"
    )


def risk_points(deals: Iterable[int], since: date) -> dict[int, list[tuple[date, float]]]:
    """The risk curves of ``deals`` from the day ``since`` on, oldest first: one query."""
    rows = (
        Deal.objects.filter(pk__in=list(deals), score_points__on__gte=since)
        .order_by("pk", "score_points__on")
        .values_list("pk", "score_points__on", "score_points__risk_30")
    )
    return {
        deal: [(on, risk) for _deal, on, risk in points]
        for deal, points in groupby(rows, key=lambda row: row[0])
    }


def plan_of(deal: Deal) -> Event | None:
    """The plan that stands, if one does."""
    if deal.next_step_on is None:
        return None
    return deal.events.filter(kind=Kind.PLANNED).order_by("-at").first()


def number(text: str | None) -> int | None:
    """The id in an address, if it is one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None
