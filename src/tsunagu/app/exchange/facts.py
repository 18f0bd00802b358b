"""Writing many facts at once: rows for ``deals_event``, made in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from numpy.typing import NDArray

from tsunagu.app.deals import fold
from tsunagu.app.deals.fold import State
from tsunagu.app.deals.models import Event
from tsunagu.app.exchange.models import Import

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

COLUMNS = (
    "deal_id", "at", "kind", "value", "amount", "actor", "direction", "text", "natural_key",
)  # fmt: skip
ORIGIN = ("recorded_at", "recorded_by_id", "source")


class Fact(NamedTuple):
    """One fact of a deals table; ``at`` in microseconds since 1970."""

    at: int
    kind: str
    value: str | None = None
    amount: str | None = None
    text: str | None = None


def state_of(told: Iterable[Fact]) -> State:
    """What the facts of a new deal, in their order, add up to."""
    return fold.fold(
        fold.Fact(moment(f.at), f.kind, f.value, Decimal(f.amount) if f.amount else None, None)
        for f in told
    )


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment(at: int) -> datetime:
    """The instant that :func:`micros` gives as a number."""
    return EPOCH + at * MICROSECOND


def integers(instants: pa.Array) -> NDArray[np.int64]:
    """Instants as microseconds since 1970, 0 for null."""
    return np.asarray(pc.fill_null(pc.cast(instants, pa.int64()), 0).to_numpy())


def as_stored(at: NDArray[np.int64]) -> list[str]:
    """Instants as Django writes them into SQLite, in UTC; PostgreSQL reads them as well.

    Django leaves ``.000000`` away, and SQLite compares texts.
    """
    written = pc.strftime(pa.array(at).cast(pa.timestamp("us")), format="%Y-%m-%d %H:%M:%S")
    texts: list[str] = pc.replace_substring_regex(written, r"\.000000$", "").to_pylist()
    return texts


def insert(source: Import, recorded_at: datetime, columns: Sequence[Iterable[Any]]) -> None:
    """Add facts; ``columns`` are those of :data:`COLUMNS`, of equal length."""
    now = as_stored(np.array([micros(recorded_at)]))[0]
    origin = (now, source.user_id, source.pk)
    if connection.vendor == "postgresql":
        _copy(origin, columns)
    else:
        _insert(origin, columns)


def _insert(origin: tuple[str, int, int], columns: Sequence[Iterable[Any]]) -> None:
    """The origin is the same for every row, and ours: it stands in the statement."""
    names = ", ".join((*COLUMNS, *ORIGIN))
    now, user, source = origin
    marks = ", ".join(["%s"] * len(COLUMNS))
    statement = f"INSERT INTO deals_event ({names}) VALUES ({marks}, '{now}', {user}, {source})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, list(zip(*columns, strict=True)))


def _copy(origin: tuple[str, int, int], columns: Sequence[Iterable[Any]]) -> None:
    """PostgreSQL's own way for many rows, several times as fast as INSERT."""
    statement = f"COPY deals_event ({', '.join((*COLUMNS, *ORIGIN))}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in zip(*columns, strict=True):
            copy.write_row((*row, *origin))


def insert_of_deals(
    source: Import, recorded_at: datetime, facts: Iterable[tuple[int, Fact]]
) -> None:
    """Add the facts of a deals table, as pairs of the deal's id and the fact."""
    pairs = list(facts)
    if not pairs:
        return
    at = as_stored(np.array([fact.at for _deal, fact in pairs]))
    rows = [
        (deal, when, fact.kind, fact.value, fact.amount, None, None, fact.text, None)
        for when, (deal, fact) in zip(at, pairs, strict=True)
    ]
    insert(source, recorded_at, list(zip(*rows, strict=True)))


def in_order(facts: Iterable[Fact], taken: frozenset[int] | set[int] = frozenset()) -> list[Fact]:
    """The facts in the order given, each at its instant or the first free one after it."""
    placed: list[Fact] = []
    last = -1
    for fact in facts:
        at = max(fact.at, last + 1)
        while at in taken:
            at += 1
        placed.append(fact._replace(at=at))
        last = at
    return placed


def instants_of(deal_ids: Iterable[int]) -> dict[int, set[int]]:
    """The instants that the facts of each deal have taken."""
    taken: dict[int, set[int]] = {}
    rows = Event.objects.filter(deal__in=list(deal_ids)).order_by().values_list("deal_id", "at")
    for deal, at in rows.iterator(10_000):
        taken.setdefault(deal, set()).add(micros(at))
    return taken
