"""What pages ask about deals. Each sees only what the person may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict

from tsunagu.app.deals.models import Deal, Event, Stage
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
EVENTS_SHOWN = 100


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
            stage=_number(query.get("stage")),
            owner=_number(query.get("owner")),
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


def newest_events(deal: Deal) -> QuerySet[Event]:
    """The deal's newest facts, newest first, with the name of who acted where we know it."""
    name = User.objects.filter(external_id=OuterRef("actor")).values("name")
    events: QuerySet[Event] = Event.objects.filter(deal=deal).annotate(actor_name=Subquery(name))
    return events.order_by("-at")[:EVENTS_SHOWN]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None
