"""A log and the looks at it as integers: deals, owners, instants and sorts of events.

Strings are joined once, here; everything after works on narrow columns of integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np

from tsunagu.analytics.contracts import EventLog, Kind
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.features.clock import micros
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.features.slots import MOST_CELLS, Grid, Slots, in_order, on_grid
from tsunagu.analytics.features.sorts import sort_of


@dataclass(frozen=True)
class Bounds:
    """What the expressions are built around, where it shall not be read from the data.

    Attributes:
        extent: no look is before the first or after the second instant, in microseconds.
        most_events: no deal has more events.
    """

    extent: tuple[int, int]
    most_events: int


@dataclass(frozen=True)
class Timeline:
    """A log and the looks at it with deals and instants as integers.

    Attributes:
        log: the log the looks are taken of.
        deals: ``deal`` (dense int32), ``created`` (microseconds, see ``clock``), ``owner``
            (int32), and the log's deal columns.
        owners: ``owner`` (dense int32), ``owner_id``.
        looks: the looks at each deal (``key``), numbered.
        extent: the first look and the last, in microseconds.
        steps: named activities that count each for themselves.
        kinds: kinds of events whose value or amount some feature reads.
        bounds: what is known of the data beforehand.
        load: ``owner_id, at`` and the owners' load, where the log does not hold all their deals.
    """

    log: EventLog
    deals: ir.Table
    owners: ir.Table
    looks: Slots
    extent: tuple[int, int]
    steps: tuple[str, ...]
    kinds: tuple[str, ...]
    bounds: Bounds | None
    load: ir.Table | None = None

    @cached_property
    def events(self) -> ir.Table:
        """``deal, at, sort`` of every event but outcomes, of every deal of the log."""
        raw = self.log.events
        happened = raw.filter(raw.kind != Kind.OUTCOME.value)
        sorted_out = happened.select("deal_id", "at", sort=sort_of(happened, self.steps))
        return materialise(self.numbered(sorted_out))

    @cached_property
    def most_events(self) -> int:
        """No deal has more :attr:`events`."""
        if self.bounds:
            return self.bounds.most_events
        counts = self.events.group_by("deal").agg(n=self.events.count())
        return counts.n.max().to_pyarrow().as_py() or 0

    def values(self, kind: Kind) -> ir.Table:
        """``deal, at, value, amount`` of looked-at deals' events of ``kind``, one of the kinds."""
        rows = self._values
        return rows.filter(rows.kind == kind.value).drop("kind")

    @cached_property
    def _values(self) -> ir.Table:
        """Read once: each of several lookups would else scan the whole log."""
        raw = self.log.events
        wanted = raw.filter(raw.kind.isin(self.kinds))
        rows = self.numbered(wanted.select("deal_id", "at", "kind", "value", "amount"))
        return materialise(self.of_looked_deals(rows))

    def of_looked_deals(self, rows: ir.Table) -> ir.Table:
        """``rows``, which have a ``deal``, of the deals with a look alone."""
        return rows.semi_join(self.looks.bounds, rows.deal == self.looks.bounds.key)

    def numbered(self, events: ir.Table) -> ir.Table:
        """``events`` with ``deal`` in place of ``deal_id``, ``at`` in microseconds."""
        keyed = events.join(self.deals.select("deal_id", "deal"), "deal_id")
        return keyed.mutate(at=micros(keyed["at"])).drop("deal_id")


def in_time(rows: ir.Table) -> list[ir.Value]:
    """The order of a deal's ``rows`` of one kind: by time, at one instant by what they say.

    Days are often all that is known of the time, and the order of rows must mean nothing.
    """
    return [rows[name] for name in ("at", "code", "value", "amount") if name in rows.columns]


def nth_in_time(rows: ir.Table) -> ir.Value:
    """Which of its deal's ``rows`` each is, from 1 on, in the order of :func:`in_time`."""
    order = ibis.window(group_by=rows.deal, order_by=in_time(rows))
    return (ibis.row_number().over(order) + 1).cast("int32")


def prepare(
    log: EventLog,
    snapshots: ir.Table,
    steps: Iterable[str] = (),
    kinds: Iterable[str] = (),
    bounds: Bounds | None = None,
) -> Timeline:
    """Number the log's deals and owners, and the snapshots.

    Raises:
        TsunaguError: if a snapshot's deal is not among the log's deals.
    """
    owners = materialise(_owners(log))
    deals = materialise(_deals(log, owners))
    found = snapshots.left_join(deals.select("deal", their_id="deal_id"), [("deal_id", "their_id")])
    marks = materialise(found.select(key="deal", at=micros(found["at"])))
    extent = bounds.extent if bounds else _checked_extent(marks)
    looks = in_order(marks) if bounds else _numbered_looks(marks)
    return Timeline(log, deals, owners, looks, extent, tuple(steps), tuple(sorted(kinds)), bounds)


def _owners(log: EventLog) -> ir.Table:
    given = log.events.filter(log.events.kind == Kind.OWNER.value)
    named = given.select(owner_id="value").union(log.deals.select("owner_id")).distinct()
    named = named.filter(named.owner_id.notnull())
    order = ibis.window(order_by=named.owner_id)
    return named.mutate(owner=ibis.row_number().over(order).cast("int32"))


def _deals(log: EventLog, owners: ir.Table) -> ir.Table:
    order = ibis.window(order_by=log.deals.deal_id)
    numbered = log.deals.mutate(
        deal=ibis.row_number().over(order).cast("int32"), created=micros(log.deals.created_at)
    )
    owners = owners.select("owner", their_id="owner_id")
    return numbered.left_join(owners, [("owner_id", "their_id")]).drop("their_id")


def _checked_extent(marks: ir.Table) -> tuple[int, int]:
    seen = marks.agg(low=marks["at"].min(), high=marks["at"].max(), strays=marks.key.isnull().sum())
    low, high, strays = seen.to_pyarrow().to_pylist()[0].values()
    if strays:
        raise TsunaguError(
            f"{strays} snapshots are of deals that the log does not hold.",
            remedy="Take the snapshots from the same log as the features.",
        )
    return low or 0, high or 0


def _numbered_looks(marks: ir.Table) -> Slots:
    instants = marks.select("at").distinct().limit(MOST_CELLS + 1).to_pyarrow()["at"].to_numpy()
    gridded = 0 < len(instants) <= MOST_CELLS and on_grid(marks, Grid(np.sort(instants)))
    return gridded or in_order(marks)
