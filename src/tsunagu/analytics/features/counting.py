"""The engine: how often and when last each sort of event happened before each look.

A count at a look is what entered it so far less what left it so far (see ``slots``).  So the events
are summed per slot once as they enter and once as they leave, and running sums over the looks
alone give every count: no window ever runs over the events, which are many more than the looks.
Counts are packed (see ``packing``), so that all of them cost a few running sums.
"""

from __future__ import annotations

from collections import Counter
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


def is_of_span(fact: str) -> bool:
    """Whether the fact is a count of the last days."""
    return fact.rpartition("__")[2].isdigit()


def counter_facts(counters: Iterable[str]) -> dict[str, str]:
    """Every fact the engine can give of ``counters``, with its type."""
    facts: dict[str, str] = {}
    for counter in counters:
        facts |= {counter: "int32", last_name(counter): "int64"}
        facts |= {span_name(counter, days): "int32" for days in SPANS}
    return facts


@dataclass(frozen=True)
class Layout:
    """What is counted, and where it lies in packed numbers.

    Attributes:
        counts: for each count, its counter and its span in days, 0 for ever.
        latest: counters whose latest time is wanted.
        packing: the counters of both; those counted over many spans stand first, so that the
            numbers of a span are few.
    """

    counts: dict[str, tuple[str, int]]
    latest: tuple[str, ...]
    packing: Packing

    @classmethod
    def of(cls, facts: frozenset[str], largest: int) -> Layout:
        """For ``facts``, with room for ``largest`` events of a deal."""
        counts = {f: _counted(f) for f in sorted(facts) if not f.endswith("__last")}
        latest = tuple(sorted(f.removesuffix("__last") for f in facts - counts.keys()))
        spans = Counter(counter for counter, _ in counts.values())
        packed = sorted({*spans, *latest}, key=lambda c: (-spans[c], c))
        return cls(counts, latest, Packing.for_largest(tuple(packed), largest))

    @property
    def spans(self) -> tuple[int, ...]:
        """Every span, and ever."""
        return tuple(sorted({span for _, span in self.counts.values()} | {_EVER}))

    def words(self, span: int) -> list[int]:
        """The packed numbers in which some counter is counted over ``span``."""
        return sorted({self.packing.word_of(c) for c, s in self.counts.values() if s == span})

    def read(self, rows: ir.Table, count: str) -> ir.IntegerValue:
        """``count`` of rows that hold the running numbers."""
        counter, span = self.counts[count]
        return self.packing.read(counter, rows[_running_word(self.packing.word_of(counter), span)])


@dataclass(frozen=True)
class Counts:
    """The looks with their counts still packed, so that the joins in between stay narrow.

    Attributes:
        rows: ``deal, at``, the latest times, and packed numbers.
        layout: how to read those.
    """

    rows: ir.Table
    layout: Layout

    def with_keys(self, counts: Iterable[str]) -> ir.Table:
        """The rows and a plain column for each of ``counts``, to join on."""
        return self.rows.mutate(**{c: self.layout.read(self.rows, c) for c in sorted(counts)})

    def unpack(self, rows: ir.Table, facts: frozenset[str]) -> ir.Table:
        """``facts`` of ``rows``, which were joined further meanwhile, counts as plain columns."""
        counts = {count: self.layout.read(rows, count) for count in self.layout.counts}
        return rows.select(*sorted(facts - counts.keys()), **counts)


def count_events(timeline: Timeline, facts: frozenset[str]) -> Counts:
    """Count what ``facts``, all of them of :func:`counter_facts`, ask for."""
    rows = timeline.looks.looks.rename(deal="key")
    layout = Layout.of(facts, timeline.most_events if facts else 1)
    if not facts:
        return Counts(rows.drop("slot"), layout)
    placed = timeline.looks.place(_units(timeline, layout.packing), layout.spans)
    entered = _entered(placed.pop(_EVER), layout)
    rows = rows.left_join(entered, [("slot", "slot_in")]).drop("slot_in")
    if placed:
        rows = rows.left_join(_left(placed, layout), [("slot", "slot_out")]).drop("slot_out")
    return Counts(materialise(_running(rows, layout)), layout)


def _counted(count: str) -> tuple[str, int]:
    counter, _, days = count.partition("__")
    return counter, int(days) if days else _EVER


def _units(timeline: Timeline, packing: Packing) -> ir.Table:
    """Each event's ``key, at``, and what it adds to each packed number: ``unit0``, ...

    A left join, though every sort is found: DuckDB would else take the events for the fewer rows.
    """
    sorts = list(all_sorts(len(timeline.steps)))
    units = [_unit(sort, packing) for sort in sorts]
    columns = {"its_sort": pa.array([sort.code for sort in sorts], pa.int32())}
    for word in range(packing.words):
        columns[f"unit{word}"] = pa.array([unit[word] for unit in units], pa.int64())
    table = ibis.memtable(pa.table(columns))
    rows = timeline.events.left_join(table, [("sort", "its_sort")])
    return rows.select("at", *(f"unit{w}" for w in range(packing.words)), key="deal")


def _unit(sort: Sort, packing: Packing) -> list[int]:
    sums = [0] * packing.words
    for counter in packing.counters:
        if sort.counts_in(counter):
            sums[packing.word_of(counter)] += packing.one(counter)
    return sums


def _entered(rows: ir.Table, layout: Layout) -> ir.Table:
    """Per slot, the sums of what enters there, and the latest time of each of the latest."""
    packing = layout.packing
    columns: dict[str, ir.Value] = {
        f"in{word}": rows[f"unit{word}"].cast("float64").sum() for word in range(packing.words)
    }
    for counter in layout.latest:
        counts = packing.holds(counter, rows[f"unit{packing.word_of(counter)}"])
        columns[last_name(counter)] = ibis.ifelse(counts, rows["at"], ibis.null("int64")).max()
    return rows.group_by(slot_in="slot").agg(**columns)


def _left(placed: dict[int, ir.Table], layout: Layout) -> ir.Table:
    """Per slot, the sums of what leaves there, for each span."""
    streams = [
        rows.select("slot", span=ibis.literal(span, "int32"), **_as_floats(rows, layout))
        for span, rows in placed.items()
    ]
    rows = reduce(lambda one, other: one.union(other), streams)
    columns = {
        _out(word, span): rows[f"unit{word}"].sum(where=rows["span"] == span)
        for span in placed
        for word in layout.words(span)
    }
    return rows.group_by(slot_out="slot").agg(**columns)


def _as_floats(rows: ir.Table, layout: Layout) -> dict[str, ir.Value]:
    names = [f"unit{word}" for word in range(layout.packing.words)]
    return {name: rows[name].cast("float64") for name in names}


def _running(rows: ir.Table, layout: Layout) -> ir.Table:
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.slot)
    columns: dict[str, ir.Value] = {}
    for span in layout.spans:
        for word in layout.words(span):
            change = rows[f"in{word}"].fill_null(0.0)
            if span != _EVER:
                change -= rows[_out(word, span)].fill_null(0.0)
            columns[_running_word(word, span)] = change.sum().over(so_far).cast("int64")
    columns |= {last_name(c): rows[last_name(c)].max().over(so_far) for c in layout.latest}
    return rows.select("deal", "at", **columns)


def _out(word: int, span: int) -> str:
    return f"out{word}_{span}"


def _running_word(word: int, span: int) -> str:
    return f"word{word}_{span}"
