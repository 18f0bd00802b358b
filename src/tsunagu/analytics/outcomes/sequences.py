"""A log as sorted arrays: each deal's steps one after another, and moments placed among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog, Kind
from tsunagu.analytics.outcomes.arrays import DAY, Floats, Ints

_NAMED = (Kind.STAGE, Kind.ACTIVITY, Kind.CHECKPOINT, Kind.CALL, Kind.EMAIL, Kind.MEETING)
"""Kinds whose value is the name of what was done; elsewhere it is a date, a person or a text."""

_MICROS = 1e6


@dataclass(frozen=True)
class Sequences:
    """Steps (events but outcomes) sorted by deal and time, and the deals.

    Attributes:
        deal_ids: (d,) sorted.
        created: (d,) epoch seconds.
        owner: (d,) the first owner's name, null if unknown.
        attributes: (d,) static attributes by name.
        deal: (e,) each step's deal.
        at: (e,) epoch seconds.
        step: (e,) name of what was done: kind, direction and value.
        actor: (e,) who did it; the last one known where the source tells none.
        amount: (e,) NaN where there is none.
        start: (d + 1,) where each deal's steps begin.
        time_zone: the team's calendar.
    """

    deal_ids: pa.Array
    created: Floats
    owner: pa.Array
    attributes: Mapping[str, pa.Array]
    deal: Ints
    at: Floats
    step: pa.Array
    actor: pa.Array
    amount: Floats
    start: Ints
    time_zone: str


@dataclass(frozen=True)
class Moments:
    """Instants at which a deal is looked at, sorted by deal and time.

    Attributes:
        deal: (n,) number of the deal.
        at: (n,) epoch seconds.
        last: (n,) the deal's latest step at or before the moment; ``first - 1`` if there is none.
        first: (n,) the deal's first step.
    """

    deal: Ints
    at: Floats
    last: Ints
    first: Ints

    def __len__(self) -> int:
        return len(self.deal)

    @property
    def length(self) -> Ints:
        """(n,) how many steps the deal had taken."""
        return self.last - self.first + 1


def read(log: EventLog) -> Sequences:
    """Read what ``log`` knows up to its ``observed_until``."""
    deals = log.deals.order_by("deal_id").to_pyarrow()
    ids = deals["deal_id"].combine_chunks()
    steps = _steps(log).order_by("deal_id", "at").to_pyarrow()
    deal = pc.index_in(steps["deal_id"].combine_chunks(), value_set=ids)
    steps = steps.filter(deal.is_valid())
    number = deal.drop_null().to_numpy().astype(np.int64)
    return Sequences(
        ids,
        seconds(deals["created_at"]),
        deals["owner_id"].combine_chunks(),
        {name: deals[name].combine_chunks() for name in log.attributes},
        number,
        seconds(steps["at"]),
        steps["step"].combine_chunks(),
        steps["who"].combine_chunks(),
        steps["amount"].fill_null(np.nan).to_numpy().astype(np.float64),
        np.searchsorted(number, np.arange(len(ids) + 1)).astype(np.int64),
        log.time_zone,
    )


def _steps(log: EventLog) -> ir.Table:
    events = log.events.filter(
        log.events.at <= log.observed_until, log.events.kind != Kind.OUTCOME.value
    )
    named = events.kind.isin([kind.value for kind in _NAMED])
    value = ibis.ifelse(named, ibis.coalesce(events.value, ""), "")
    step = events.kind + ":" + ibis.coalesce(events.direction, "") + ":" + value
    order = ibis.cumulative_window(group_by=events.deal_id, order_by=events.at)
    told = events.mutate(step=step, told=events.actor.count().over(order))
    since = ibis.window(group_by=[told.deal_id, told.told])
    return told.select("deal_id", "at", "step", "amount", who=told.actor.max().over(since))


def moments(sequences: Sequences, keys: pa.Table) -> Moments:
    """Place ``keys`` (``deal_id, at``, sorted so) among the steps.

    Raises:
        ValueError: if a deal is not in the log.
    """
    place = pc.index_in(keys["deal_id"].combine_chunks(), value_set=sequences.deal_ids)
    if place.null_count:
        raise ValueError(f"{place.null_count} snapshots are of deals that the log does not have")
    deal, at = place.to_numpy().astype(np.int64), seconds(keys["at"])
    last = Grouped(sequences.deal, sequences.at).upto(deal, at) - 1
    return Moments(deal, at, last, sequences.start[deal])


class Grouped:
    """Instants by group, for counting those up to a moment.

    Args:
        group: (e,) not negative.
        at: (e,) epoch seconds, in any order.
    """

    def __init__(self, group: Ints, at: Floats) -> None:
        self.order = np.lexsort((at, group))
        self._instants = np.unique(at)
        self._keys = self._key(group, at)[self.order]

    def _key(self, group: Ints, at: Floats) -> Ints:
        """Whole numbers, exact however many groups and instants there are."""
        rank = np.searchsorted(self._instants, at, side="right")
        return group * (len(self._instants) + 1) + rank

    def upto(self, group: Ints, at: Floats) -> Ints:
        """(n,) how many instants, in order, stand up to ``at`` in ``group`` or before it."""
        return np.searchsorted(self._keys, self._key(group, at), side="right").astype(np.int64)

    def count(self, group: Ints, at: Floats, days: float) -> Ints:
        """(n,) instants of ``group`` in the ``days`` up to ``at``, which is included."""
        return self.upto(group, at) - self.upto(group, at - days * DAY)


def seconds(instants: pa.ChunkedArray) -> Floats:
    """Epoch seconds, microseconds kept."""
    micros: Floats = instants.cast(pa.int64()).to_numpy().astype(np.float64)
    return micros / _MICROS
