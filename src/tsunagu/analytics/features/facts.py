"""The table of facts: one wide row per snapshot from which every feature is a plain expression.

A source adds columns to the table by an equi-join.  Only the sources whose columns a wanted
feature reads are joined, so a subset of the features costs only its own share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog, Kind
from tsunagu.analytics.features.counting import count_events, counter_facts, is_of_span
from tsunagu.analytics.features.sorts import KIND_COUNTERS, step_counter
from tsunagu.analytics.features.specs import Feature
from tsunagu.analytics.features.timeline import Bounds, Timeline, prepare

KEYS = {"deal": "int32", "at": "int64"}


@dataclass(frozen=True)
class Source:
    """Columns that a join adds to the table of facts.

    Attributes:
        columns: names and types of what it adds.
        needs: columns that must be in the table before.
        attach: the join itself.
        reads: kinds whose events' values the join reads.
        moves: whether what it adds can change though nothing happens to the deal.
    """

    columns: Mapping[str, str]
    needs: tuple[str, ...]
    attach: Callable[[ir.Table, Timeline], ir.Table]
    reads: tuple[Kind, ...] = ()
    moves: bool = False


def numbered_lookup(
    prefix: str, counter: str, columns: Mapping[str, str], table: Callable[[Timeline], ir.Table]
) -> Source:
    """A source keyed by the deal and how many events of ``counter`` it had.

    Args:
        prefix: put before the columns' names, with ``__``.
        counter: the counter whose value is the key.
        columns: names and types of the columns of ``table`` to add.
        table: gives ``deal``, ``nth`` (from 1) and the columns, as after the nth event.
    """

    def attach(rows: ir.Table, timeline: Timeline) -> ir.Table:
        right = table(timeline)
        named = {f"{prefix}__{c}": right[c] for c in columns}
        key, nth = f"{prefix}__deal", f"{prefix}__nth"  # left in place: a chain of plain joins
        right = right.select(**{key: right.deal, nth: right.nth}, **named)
        return rows.left_join(right, [rows.deal == right[key], rows[counter] == right[nth]])

    named = {f"{prefix}__{c}": t for c, t in columns.items()}
    reads = (Kind(counter),) if counter in KIND_COUNTERS else ()
    return Source(named, (counter,), attach, reads)


@dataclass(frozen=True)
class Plan:
    """What has to be computed for some features.

    Attributes:
        sources: those whose columns are read, in the order of the joins.
        counts: the facts of the counting engine that are read.
        facts: all facts that are read, by a feature or a join.
    """

    sources: tuple[Source, ...]
    counts: frozenset[str]
    facts: frozenset[str]

    @classmethod
    def of(
        cls, features: Iterable[Feature], sources: Iterable[Source], counters: Iterable[str]
    ) -> Plan:
        """Only what ``features`` read of the sources' columns and the counters' facts."""
        available = tuple(sources)
        engine = counter_facts(counters)
        wanted = _read_by(features, KEYS | engine | _columns_of(available))
        chosen: list[Source] = []
        for source in reversed(available):
            if wanted & source.columns.keys():
                chosen.append(source)
                wanted |= set(source.needs)
        return cls(tuple(reversed(chosen)), frozenset(wanted & engine.keys()), frozenset(wanted))

    def prepare(
        self,
        log: EventLog,
        snapshots: ir.Table,
        steps: tuple[str, ...],
        bounds: Bounds | None = None,
    ) -> Timeline:
        """The log as integers, as far as the plan needs it."""
        counted = self.counts & {step_counter(place) for place in range(len(steps))}
        kinds = {kind.value for source in self.sources for kind in source.reads}
        return prepare(log, snapshots, steps if counted else (), kinds, bounds)

    @property
    def standing(self) -> list[str]:
        """Facts that stay as they are while nothing happens to the deal."""
        moving = {name for source in self.sources if source.moves for name in source.columns}
        return sorted(self.facts - KEYS.keys() - moving - self.recent)

    @property
    def recent(self) -> frozenset[str]:
        """The counts of the last days."""
        return frozenset(name for name in self.counts if is_of_span(name))

    def gather_moving(self, timeline: Timeline, standing: ir.Table) -> ir.Table:
        """:meth:`gather` of deals whose ``standing`` facts are known, keyed by ``deal``.

        The timeline's events need not begin before the longest span of the counts.
        """
        counted = count_events(timeline, self.recent)
        rows = counted.rows.join(standing.rename(kept_deal="deal"), [("deal", "kept_deal")])
        for source in self.sources:
            rows = source.attach(rows, timeline) if source.moves else rows
        counts = {count: counted.layout.read(rows, count) for count in counted.layout.counts}
        return rows.mutate(**counts).select(*sorted(self.facts | KEYS.keys()))

    def gather(self, timeline: Timeline) -> ir.Table:
        """The table of facts: ``deal, at`` and the facts."""
        counted = count_events(timeline, self.counts)
        rows = counted.with_keys({n for source in self.sources for n in source.needs} & self.counts)
        for source in self.sources:
            rows = source.attach(rows, timeline)
        return counted.unpack(rows, self.facts | KEYS.keys())


def _columns_of(sources: Iterable[Source]) -> dict[str, str]:
    return {name: kind for source in sources for name, kind in source.columns.items()}


def _read_by(features: Iterable[Feature], schema: Mapping[str, str]) -> set[str]:
    """Names of the facts that the features' expressions read."""
    blank = ibis.table(dict(schema), name="facts")
    return {
        field.name for feature in features for field in feature.compute(blank).op().find(ops.Field)
    }


def with_code(events: ir.Table, words: tuple[str, ...]) -> ir.Table:
    """``events`` and ``code``, the place of their ``value`` among ``words``, -1 if it has none."""
    columns = {
        "word": pa.array(words, pa.string()),
        "place": pa.array(range(len(words)), pa.int32()),
    }
    found = events.left_join(ibis.memtable(pa.table(columns)), [("value", "word")])
    return found.mutate(code=found.place.fill_null(-1)).drop("word", "place")
