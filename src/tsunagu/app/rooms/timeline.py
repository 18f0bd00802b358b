"""Everything that happened on a case as one list, the newest first, some entries at a time.

Each application brings its own part: a :class:`Source`, whose dotted name stands in
``settings.CASE_TIMELINE``. A source says where its rows are and how they are told; the bounds by
time and count are set here, so a page costs the same however long the case is::

    TASKS = Source(
        key="tasks",
        label=gettext_lazy("Tasks"),
        rows=lambda case: Task.objects.filter(run__case=case, done_at__isnull=False),
        tell=lambda case, rows: [Entry("check", row.name, row.done_by.name) for row in rows],
        at="done_at",
    )

``rows`` gives a query of rows with an instant in the column ``at``; ``tell`` words the few that are
shown, in their order and one entry a row, with a number of queries that does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from tsunagu.app.interruptions.models import Interruption

SHOWN = 30
"""Entries of a page."""


@dataclass(frozen=True)
class Entry:
    """What happened: ``words`` of one line, ``who`` did it, ``text`` as they wrote it.

    ``link`` leads to where it stands; ``template`` draws it, with what only it knows in ``row``.
    """

    icon: str
    words: str | Promise
    who: str | Promise = ""
    text: str = ""
    link: str = ""
    template: str = "rooms/_entry.html"
    row: Any = None


@dataclass(frozen=True)
class Source:
    """One kind of entries. Sources of one ``key`` and label are shown and chosen together."""

    key: str
    label: str | Promise
    rows: Callable[[Interruption], QuerySet[Any]]
    tell: Callable[[Interruption, Sequence[Any]], Iterable[Entry]]
    at: str = "at"


@dataclass(frozen=True)
class Place:
    """Where a row stands: by its instant, then by its source, then by its number."""

    at: datetime
    rank: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.rank}~{self.pk}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The place that :meth:`__str__` wrote; None for any other text."""
        try:
            at, rank, pk = text.split("~")
            place = cls(datetime.fromisoformat(at), int(rank), int(pk))
        except ValueError:
            return None
        return place if place.at.tzinfo and abs(place.pk) < 2**63 else None

    @property
    def order(self) -> tuple[datetime, int, int]:
        """The greater, the newer."""
        return (self.at, self.rank, self.pk)


@dataclass(frozen=True)
class Dated:
    """An entry with its place."""

    place: Place
    source: Source
    entry: Entry

    @property
    def at(self) -> datetime:
        """When it was."""
        return self.place.at


@dataclass(frozen=True)
class Page:
    """Some entries, and where the older ones begin."""

    entries: list[Dated]
    older: Place | None


def sources() -> list[Source]:
    """All, in the order of the settings; their place there is their rank."""
    return [import_string(name) for name in settings.CASE_TIMELINE]


def read(case: Interruption, key: str = "", before: Place | None = None) -> Page:
    """The newest entries older than ``before``; of all kinds, where ``key`` names none."""
    known = sources()
    wanted = key if any(source.key == key for source in known) else ""
    found = [
        (place, source, row)
        for rank, source in enumerate(known)
        if wanted in {"", source.key}
        for place, row in _rows(case, source, rank, before)
    ]
    found.sort(key=lambda item: item[0].order, reverse=True)
    shown = found[:SHOWN]
    older = shown[-1][0] if len(found) > SHOWN else None
    return Page(_told(case, known, shown), older)


def _rows(
    case: Interruption, source: Source, rank: int, before: Place | None
) -> Iterable[tuple[Place, Any]]:
    rows = source.rows(case)
    if before is not None:
        rows = rows.filter(_older(source.at, rank, before))
    for row in rows.order_by(f"-{source.at}", "-pk")[: SHOWN + 1]:
        yield Place(getattr(row, source.at), rank, row.pk), row


def _older(column: str, rank: int, before: Place) -> Q:
    older = Q(**{f"{column}__lt": before.at})
    if rank < before.rank:
        return older | Q(**{column: before.at})
    if rank == before.rank:
        return older | Q(**{column: before.at, "pk__lt": before.pk})
    return older


def _told(
    case: Interruption, known: list[Source], shown: list[tuple[Place, Source, Any]]
) -> list[Dated]:
    """Each source words its own; then they stand in their order again."""
    told: list[Dated] = []
    for source in known:
        own = [(place, row) for place, of, row in shown if of is source]
        if own:
            entries = source.tell(case, [row for _place, row in own])
            told += [
                Dated(place, source, entry)
                for (place, _row), entry in zip(own, entries, strict=True)
            ]
    return sorted(told, key=lambda dated: dated.place.order, reverse=True)
