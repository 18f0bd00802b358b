"""What pages ask about interruptions. Each sees only what the person may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Prefetch, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.deals.queries import number
from tsunagu.app.interruptions.causes import Category, Cause
from tsunagu.app.interruptions.models import Interruption, Signal, Watch
from tsunagu.app.interruptions.states import LIVING, State
from tsunagu.app.lists import ordering, search_text
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import (
    decidable_interruptions,
    visible_deals,
    visible_interruptions,
)
from tsunagu.app.scoring import detection

INBOX_PAGE = 40
CARDS = 50
CLOSED_SHOWN = timedelta(days=30)
"""How long the board shows a case that is over."""

SORTS = {
    "evidence": "last_signal_at",
    "strength": "strength",
    "value": "value",
    "since": "state_since",
}
INBOX_SORT = "-evidence"
LIST_SORT = "-since"


@dataclass(frozen=True)
class CaseFilter:
    """What a person asked a list of cases for. Unknown values ask for nothing."""

    text: str = ""
    owner: int | None = None
    kind: str = ""
    state: str = ""
    cause: str = ""
    sort: str = INBOX_SORT

    @classmethod
    def from_query(cls, query: QueryDict, sort: str) -> CaseFilter:
        """The filter that an address's query asks for; ``sort`` where it asks for no order."""
        return cls(
            text=search_text(query),
            owner=number(query.get("owner")),
            kind=query.get("kind", "")[:30].replace("\x00", ""),
            state=query.get("state", ""),
            cause=query.get("cause", ""),
            sort=query.get("sort", sort),
        )

    @property
    def narrows(self) -> bool:
        """Whether anything but the order was asked for."""
        return bool(self.text or self.owner or self.kind or self.state or self.cause)

    def of(self, rows: QuerySet[Interruption]) -> QuerySet[Interruption]:
        """Those of ``rows`` that were asked for, in the order that was."""
        if self.text:
            named = Q(deal__title__icontains=self.text)
            rows = rows.filter(named | Q(deal__customer__name__icontains=self.text))
        if self.owner is not None:
            rows = rows.filter(deal__owner=self.owner)
        if self.kind:
            standing = Signal.objects.filter(kind=self.kind, gone_at__isnull=True)
            rows = rows.filter(pk__in=standing.values("case"))
        rows = rows.filter(self._state(), self._cause())
        return rows.order_by(*ordering(self.sort, SORTS, INBOX_SORT))

    def _state(self) -> Q:
        if self.state == "living":
            return Q(state__in=LIVING)
        return Q(state=self.state) if self.state in State.values else Q()

    def _cause(self) -> Q:
        if self.cause in Category.values:
            return Q(main_cause__startswith=f"{self.cause}.")
        return Q(main_cause=self.cause) if self.cause in Cause.values else Q()


def inbox(user: User, wanted: CaseFilter) -> QuerySet[Interruption]:
    """Suspicions that are for ``user`` to decide on, with all that a line of the inbox says."""
    return shown(wanted.of(decidable_interruptions(user).filter(state=State.SUSPECTED)))


def all_cases(user: User, wanted: CaseFilter) -> QuerySet[Interruption]:
    """Cases that ``user`` may see."""
    return wanted.of(visible_interruptions(user)).select_related(
        "deal", "deal__customer", "deal__owner"
    )


def shown(rows: QuerySet[Interruption]) -> QuerySet[Interruption]:
    """With deal and evidence: the strongest signals first, those that stand before the gone."""
    signals = Signal.objects.order_by("gone_at", "-strength", "pk")
    return rows.select_related(
        "deal", "deal__customer", "deal__owner", "deal__stage", "deal__score"
    ).prefetch_related(Prefetch("signals", signals))


def suspected_count(user: User) -> int:
    """How many suspicions wait for ``user``."""
    return decidable_interruptions(user).filter(state=State.SUSPECTED).count()


@dataclass(frozen=True)
class Quiet:
    """Why an inbox is empty: running deals, those that nobody looked at yet, the last look."""

    deals: int
    unlooked: int
    looked_at: datetime | None


def quiet(user: User) -> Quiet:
    """For an empty inbox: its reason."""
    running = visible_deals(user).filter(outcome__isnull=True)
    looked = Watch.objects.filter(deal__in=running.values("pk"), looked_at__isnull=False)
    found = looked.aggregate(count=Count("pk"), at=Max("looked_at"))
    deals = running.count()
    return Quiet(deals, deals - found["count"], found["at"])


@dataclass(frozen=True)
class Column:
    """A state with its newest cases; ``count`` and ``value`` are of all of them."""

    state: State
    cases: list[Interruption]
    count: int
    value: Decimal | None

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.cases)


BOARD = (
    State.SUSPECTED,
    State.CONFIRMED,
    State.RESPONDING,
    State.RESTARTING,
    State.RESUMED,
    State.LOST,
)


def board(user: User, owner: int | None) -> Iterator[Column]:
    """The states in the order of a case's life; of those that are over, the last 30 days."""
    recent = Q(state__in=LIVING) | Q(closed_at__gte=timezone.now() - CLOSED_SHOWN)
    rows = visible_interruptions(user).filter(recent, state__in=BOARD)
    if owner is not None:
        rows = rows.filter(deal__owner=owner)
    counted = rows.order_by().values("state").annotate(count=Count("pk"), value=Sum("value"))
    numbers = {row["state"]: row for row in counted}
    for state in BOARD:
        found = numbers.get(state)
        cases = _cards(rows.filter(state=state)) if found else []
        yield Column(state, cases, found["count"] if found else 0, found and found["value"])


def _cards(rows: QuerySet[Interruption]) -> list[Interruption]:
    return list(
        rows.select_related("deal", "deal__customer", "deal__owner").order_by("-state_since")[
            :CARDS
        ]
    )


def living_case(deal: Deal) -> Interruption | None:
    """The deal's case that is not over."""
    return Interruption.objects.filter(deal=deal, state__in=LIVING).first()


def living_cases(deals: Iterable[int], *, evidence: bool = False) -> dict[int, Interruption]:
    """The case that is not over of each of the deals that has one; with the signals that stand."""
    rows = Interruption.objects.filter(deal__in=list(deals), state__in=LIVING)
    if evidence:
        standing = Signal.objects.filter(gone_at=None).order_by("-strength", "pk")
        rows = rows.prefetch_related(Prefetch("signals", standing))
    return {case.deal_id: case for case in rows}


def kind_names(language: str) -> dict[str, str]:
    """Kinds of signals by their names."""
    return {k: v.ja if language == "ja" else v.en for k, v in detection.kinds().items()}
