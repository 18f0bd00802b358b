"""What the board asks: the stages of a process as columns of running deals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.http import QueryDict

from tsunagu.app.deals.models import Deal, Process, Stage
from tsunagu.app.deals.queries import number
from tsunagu.app.people.models import Team, User
from tsunagu.app.people.permissions import visible_deals

CARDS = 50
"""How many cards of a column are shown at once."""


class Card(NamedTuple):
    """What a card shows of a deal. A board has hundreds: no more is read, and no models made."""

    pk: int
    title: str
    amount: Decimal | None
    next_step_on: date | None
    customer_name: str
    owner_name: str
    risk: float | None


@dataclass(frozen=True)
class BoardFilter:
    """Whose deals of which process. Unknown values ask for nothing."""

    process: int | None = None
    owner: int | None = None
    team: int | None = None

    @classmethod
    def from_query(cls, query: QueryDict) -> BoardFilter:
        """The filter that an address's query asks for."""
        return cls(
            number(query.get("process")), number(query.get("owner")), number(query.get("team"))
        )

    @property
    def narrows(self) -> bool:
        """Whether some deals of the process are left out."""
        return bool(self.owner or self.team)


@dataclass(frozen=True)
class Column:
    """A stage with its first cards; ``count`` and ``total`` are of all its deals."""

    stage: Stage
    cards: list[Card]
    count: int = 0
    total: Decimal | None = None

    @property
    def more(self) -> bool:
        """Whether there are deals beyond those shown."""
        return self.count > len(self.cards)


def chosen_process(wanted: BoardFilter) -> Process | None:
    """The process asked for, else the default one."""
    named = Process.objects.filter(pk=wanted.process).first() if wanted.process else None
    return named or Process.objects.first()


def processes() -> QuerySet[Process]:
    """Processes to choose from; an archived one as long as deals run in it."""
    running = Deal.objects.filter(process=OuterRef("pk"), outcome__isnull=True)
    return Process.objects.filter(Q(archived=False) | Exists(running))


def columns(user: User, process: Process, wanted: BoardFilter) -> Iterator[Column]:
    """Each stage: one query for all numbers, and one a stage for its cards."""
    rows = running(user, wanted)
    # All processes' stages: a condition on them would keep SQLite from reading the index alone.
    counted = rows.order_by().values("stage").annotate(count=Count("pk"), total=Sum("amount"))
    numbers = {row["stage"]: row for row in counted}
    for stage in process.stages.all():
        found = numbers.get(stage.pk)
        if found is None:
            if not stage.retired:
                yield Column(stage, [])
        else:
            shown = cards(in_stage(rows, stage)[:CARDS])
            yield Column(stage, shown, found["count"], found["total"])


def running(user: User, wanted: BoardFilter) -> QuerySet[Deal]:
    """The running deals that the filter leaves."""
    rows = visible_deals(user).filter(outcome__isnull=True)
    if wanted.owner is not None:
        rows = rows.filter(owner=wanted.owner)
    if wanted.team is not None:
        team = Team.objects.filter(pk=wanted.team).first()
        rows = rows.filter(team__in=Team.objects.subtree(team)) if team else rows.none()
    return rows


def in_stage(rows: QuerySet[Deal], stage: Stage) -> QuerySet[Deal]:
    """The deals of one stage, the next to close first: an order that an index holds ready."""
    return rows.filter(stage=stage).order_by(F("close_date").asc(nulls_last=True), "pk")


def cards(shown: QuerySet[Deal]) -> list[Card]:
    """The cards of the deals that are shown, a slice of :func:`in_stage`."""
    named = shown.annotate(
        customer_name=F("customer__name"), owner_name=F("owner__name"), risk=F("score__risk_30")
    )
    return [Card(*values) for values in named.values_list(*Card._fields)]
