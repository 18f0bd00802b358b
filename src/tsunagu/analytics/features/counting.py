"""The engine: how often and when last each sort of event happened before each look.

A count at a look is what entered it so far less what left it so far (see ``slots``).  So the events
are summed per slot once as they enter and once as they leave, and running sums over the looks
alone give every count: no window ever runs over the events, which are many more than the looks.
Counts are packed (see ``packing``), so that all of them cost a few running sums.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.features.packing import Packing
from tsunagu.analytics.features.sorts import Sort, all_sorts
from tsunagu.analytics.features.timeline import Timeline

SPANS: tuple[int, ...] = (7, 30, 90)
"""Days back over which events are counted, beside ever."""

_EVER = 0


def span_name(counter: str, days: int) -> str:
    """Fact: how many in the last ``days`` days."""
    return f"{counter}__{days}"


def last_name(counter: str) -> str:
    """Fact: when last, in microseconds, or null."""
    return f"{counter}__last"


def counter_facts(counters: Iterable[str]) -> dict[str, str]:
    """Every fact the engine can give of ``counters``, with its type."""
    facts: dict[str, str] = {}
    for counter in counters:
        facts |= {counter: "int32", last_name(counter): "int64"}
        facts |= {span_name(counter, days): "int32" for days in SPANS}
    return facts


@dataclass(frozen=True)
class Counts:
    """The looks with their counts still packed, so that the joins in between stay narrow.

    Attributes:
        rows: ``deal, at``, the latest times, and packed numbers.
        packing: how to read those.
    """

    rows: ir.Table
    packing: Packing

    def with_keys(self, counts: Iterable[str]) -> ir.Table:
        """The rows and a plain column for each of ``counts``, to join on."""
        return self.rows.mutate(**{c: self._read(self.rows, c) for c in sorted(counts)})

    def unpack(self, rows: ir.Table, facts: frozenset[str]) -> ir.Table:
        """``facts`` of ``rows``, which were joined further meanwhile, counts as plain columns."""
        counts = {c: self._read(rows, c) for c in self.packing.counts}
        return rows.select(*sorted(facts - counts.keys()), **counts)

    def _read(self, rows: ir.Table, count: str) -> ir.IntegerValue:
        return self.packing.read(count, rows[f"word{self.packing.word_of(count)}"])


def count_events(timeline: Timeline, facts: frozenset[str]) -> Counts:
    """Count what ``facts``, all of them of :func:`counter_facts`, ask for."""
    latest = tuple(sorted(_counter(f) for f in facts if f.endswith("__last")))
    counts = tuple(sorted((f for f in facts if not f.endswith("__last")), key=_span))
    rows = timeline.looks.looks.rename(deal="key")
    if not facts:
        return Counts(rows.drop("slot"), Packing.for_largest((), 1))
    packing = Packing.for_largest(counts, _most_events(timeline.events))
    spans = tuple(sorted({_span(c) for c in counts} | {_EVER}))
    placed = timeline.looks.place(timeline.events.rename(key="deal"), spans)
    adds = {span: _adds(packing, span, latest, len(timeline.steps)) for span in spans}
    entered = _entered(placed.pop(_EVER), adds.pop(_EVER), packing, latest)
    rows = rows.left_join(entered, [("slot", "slot_in")]).drop("slot_in")
    if placed:
        left = _left(placed, adds, packing)
        rows = rows.left_join(left, [("slot", "slot_out")]).drop("slot_out")
    return Counts(materialise(_running(rows, packing, latest)), packing)


def _counter(fact: str) -> str:
    return fact.split("__", maxsplit=1)[0]


def _span(fact: str) -> int:
    """Days after which an event leaves the count, 0 for never."""
    _, _, days = fact.partition("__")
    return int(days) if days else _EVER


def _most_events(events: ir.Table) -> int:
    counts = events.group_by("deal").agg(n=events.count())
    return counts.n.max().to_pyarrow().as_py() or 0


def _adds(packing: Packing, span: int, latest: tuple[str, ...], steps: int) -> ir.Table:
    """What an event of each sort adds to each number as it enters, or takes away as it leaves.

    ``its_sort``, ``add0``, ... and ``flags``, whose bit i tells whether the sort belongs to the
    i-th of ``latest``.
    """
    sorts = list(all_sorts(steps))
    counts = [c for c in packing.counts if span in {_EVER, _span(c)}]
    sums = [_sums(sort, counts, packing) for sort in sorts]
    columns = {"its_sort": pa.array([sort.code for sort in sorts], pa.int32())}
    for word in range(packing.words):
        columns[f"add{word}"] = pa.array([s[word] for s in sums], pa.float64())
    flags = [sum(sort.counts_in(c) << i for i, c in enumerate(latest)) for sort in sorts]
    return ibis.memtable(pa.table(columns | {"flags": pa.array(flags, pa.int64())}))


def _sums(sort: Sort, counts: list[str], packing: Packing) -> list[int]:
    sums = [0] * packing.words
    for count in counts:
        if sort.counts_in(_counter(count)):
            sums[packing.word_of(count)] += packing.one(count)
    return sums


def _entered(
    events: ir.Table, adds: ir.Table, packing: Packing, latest: tuple[str, ...]
) -> ir.Table:
    """Per slot, the sums of what enters there, and the latest time of each of ``latest``."""
    rows = events.join(adds, [("sort", "its_sort")])
    columns: dict[str, ir.Value] = {f"in{i}": rows[f"add{i}"].sum() for i in range(packing.words)}
    for i, counter in enumerate(latest):
        counts = (rows.flags & (1 << i)) != 0
        columns[last_name(counter)] = ibis.ifelse(counts, rows["at"], ibis.null("int64")).max()
    return rows.group_by(slot_in="slot").agg(**columns)


def _left(events: dict[int, ir.Table], adds: dict[int, ir.Table], packing: Packing) -> ir.Table:
    """Per slot, the sums of what leaves there, over all spans."""
    words = [f"add{i}" for i in range(packing.words)]
    streams = [
        rows.join(adds[span], [("sort", "its_sort")]).select("slot", *words)
        for span, rows in events.items()
    ]
    rows = reduce(lambda one, other: one.union(other), streams)
    columns = {f"out{i}": rows[word].sum() for i, word in enumerate(words)}
    return rows.group_by(slot_out="slot").agg(**columns)


def _running(rows: ir.Table, packing: Packing, latest: tuple[str, ...]) -> ir.Table:
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.slot)
    columns: dict[str, ir.Value] = {}
    for i in range(packing.words):
        change = rows[f"in{i}"].fill_null(0.0)
        if f"out{i}" in rows.columns:
            change -= rows[f"out{i}"].fill_null(0.0)
        columns[f"word{i}"] = change.sum().over(so_far).cast("int64")
    columns |= {last_name(c): rows[last_name(c)].max().over(so_far) for c in latest}
    return rows.select("deal", "at", **columns)
