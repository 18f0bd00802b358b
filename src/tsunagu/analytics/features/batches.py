"""Features of logs that are larger than memory: some deals at a time, with the same results.

Every feature but the load of owners follows from its own deal's events.  So the deals are cut into
ranges of their ids, each range's features are computed on its events alone, and the owners' load,
which is a sum over deals, is added up over ranges before.  These are sums of whole numbers: one
batch and many give the same bits.  Of Parquet files sorted by deal, a range reads its own row
groups only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.backends.memory import is_limited_by_memory
from tsunagu.analytics.contracts import EventLog, Kind
from tsunagu.analytics.features.clock import from_micros, micros
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.features.owners import (
    LOAD_COLUMNS,
    LOAD_DAYS,
    LOAD_FEATURES,
    load_on,
)
from tsunagu.analytics.features.recipe import FittedFeatures
from tsunagu.analytics.features.slots import Grid
from tsunagu.analytics.features.timeline import prepare

MOST_EVENTS = 5_000_000
"""Of a batch: their weekly landmarks take some 2 GB while they are computed."""

MOST_LOADS = 10_000_000
"""Owners times instants; looks at more of them are taken in one go."""


class Range(NamedTuple):
    """Deals by their ids, both ends included."""

    low: str
    high: str

    def of(self, table: ir.Table) -> ir.Table:
        """The rows of ``table`` that are theirs."""
        return table.filter(table.deal_id.between(self.low, self.high))


def feature_tables(
    recipe: FittedFeatures, log: EventLog, snapshots: ir.Table, most_events: int = MOST_EVENTS
) -> Iterator[pa.Table]:
    """What :meth:`FittedFeatures.transform` gives, in tables that follow each other by deal.

    Args:
        recipe: the features.
        log: any log; one with few events gives one table.
        snapshots: ``deal_id, at``, on the log's backend.
        most_events: of the deals of one table; a single deal may have more.

    Raises:
        TsunaguError: if a snapshot's deal is not among the log's deals.
    """
    if not is_limited_by_memory(log.events) or _count(log.events) <= most_events:
        yield recipe.transform(log, snapshots).to_pyarrow()
        return
    asked = materialise(snapshots)
    if (instants := _instants(log, asked)) is None:
        yield recipe.transform(log, asked).to_pyarrow()
        return
    load = _loads(log, instants, most_events) if LOAD_FEATURES & {*recipe.names} else None
    for mine in _ranges(asked, log.events, most_events):
        yield recipe.transform(_part(log, mine, asked), mine.of(asked), load=load).to_pyarrow()


def _count(table: ir.Table) -> int:
    found: int = table.count().to_pyarrow().as_py()
    return found


def _instants(log: EventLog, asked: ir.Table) -> Grid | None:
    """All instants of the looks, if they are few enough to look at every owner at each."""
    most = MOST_LOADS // max(_count(log.deals.select("owner_id").distinct()), 1)
    found = asked.select(at=micros(asked["at"])).distinct().order_by("at").limit(most + 1)
    instants = found.to_pyarrow()["at"].to_numpy()
    return Grid(instants) if 0 < len(instants) <= most else None


def _ranges(keys: ir.Table, events: ir.Table, most_events: int) -> list[Range]:
    """Ranges of the ``deal_id`` of ``keys``, in their order, each of about so many events."""
    ids = keys.select("deal_id").distinct()
    theirs = events.semi_join(ids, "deal_id").group_by(its="deal_id").agg(n=ibis._.count())
    rows = ids.left_join(theirs, [("deal_id", "its")])
    rows = rows.select("deal_id", n=rows.n.fill_null(0))
    so_far = ibis.cumulative_window(order_by=rows.deal_id)
    rows = rows.mutate(part=((rows.n.sum().over(so_far) - rows.n) / most_events).floor())
    ends = rows.group_by("part").agg(low=rows.deal_id.min(), high=rows.deal_id.max())
    found = ends.order_by("part").to_pyarrow()
    return [Range(row["low"], row["high"]) for row in found.to_pylist()]


def _part(log: EventLog, mine: Range, asked: ir.Table) -> EventLog:
    """The log of those deals of a range that are asked about."""
    keys = mine.of(asked).select("deal_id").distinct()
    events, deals = (mine.of(rows).semi_join(keys, "deal_id") for rows in (log.events, log.deals))
    return replace(log, events=events, deals=deals)


def _loads(log: EventLog, instants: Grid, most_events: int) -> ir.Table:
    """``owner_id, at`` and the load over all deals of the log: that of each range, added up."""
    telling = _telling(log, instants)
    parts = [
        _load_of(replace(log, events=mine.of(telling), deals=mine.of(log.deals)), instants)
        for mine in _ranges(log.deals, telling, most_events)
    ]
    sums = pa.concat_tables(parts).group_by(["owner_id", "at"])
    added = sums.aggregate([(name, "sum") for name in LOAD_COLUMNS])
    return ibis.memtable(added.rename_columns(["owner_id", "at", *LOAD_COLUMNS]))


def _load_of(log: EventLog, instants: Grid) -> pa.Table:
    nowhere = log.deals.select("deal_id", at="created_at").limit(0)
    return load_on(prepare(log, nowhere), instants).to_pyarrow()


def _telling(log: EventLog, instants: Grid) -> ir.Table:
    """Events that some load counts, and those from which it follows whose they are."""
    since = from_micros(int(instants.instants[0])) - timedelta(days=LOAD_DAYS)
    events = log.events
    lasting = events.kind.isin([Kind.OWNER.value, Kind.OUTCOME.value])
    return events.filter(lasting | (events["at"] > since))
