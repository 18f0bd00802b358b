"""The engine: how often and when last each kind of event happened before each snapshot.

Range windows with one aggregate per feature are slow.  Here each deal's events get running counts
once; one narrow pass finds, for each snapshot and each offset (now, 7, 30 and 90 days before), how
many events of the deal lay at or before it; an equi-join fetches the running counts there, and a
count in the last 30 days is the difference of two of them.  Counts are packed (see ``packing``),
so that all of them cost a few running sums and narrow joins.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import CONTACT_KINDS, EventLog, Kind
from tsunagu.analytics.features.clock import DAY, micros
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.features.packing import Packing

SPANS: tuple[int, ...] = (7, 30, 90)
"""Days back over which events are counted, beside ever."""

BASE_COUNTERS: tuple[str, ...] = ("any", "inbound", "outbound", "customer")
"""Every event; by direction; every event that touched the customer."""

VALUE_KINDS: tuple[Kind, ...] = (
    Kind.STAGE,
    Kind.SURVEY,
    Kind.ACTIVITY,
    Kind.PLANNED,
    Kind.CLOSE_DATE,
    Kind.AMOUNT,
    Kind.OWNER,
    Kind.CONTACT,
    Kind.COMPETITOR,
)
"""Kinds whose value or amount matters, not only that they happened."""

KIND_COUNTERS: tuple[str, ...] = tuple(k.value for k in Kind if k is not Kind.OUTCOME)


@dataclass(frozen=True)
class Timeline:
    """A log and snapshots with deals and instants as integers.

    Attributes:
        log: the log the snapshots are taken of.
        deals: ``deal`` (dense int32), ``deal_id``, ``created``, and the log's deal columns;
            only deals with a snapshot.
        marks: ``deal, at``: the snapshots, ``at`` in microseconds (see ``clock``).
    """

    log: EventLog
    deals: ir.Table
    marks: ir.Table

    def events(self) -> ir.Table:
        """All events but outcomes, with ``deal`` and ``at`` as integers."""
        raw = self.log.events
        return self._numbered(raw.filter(raw.kind != Kind.OUTCOME.value))

    def values(self, kind: Kind) -> ir.Table:
        """``deal, at, value, amount`` of the events of ``kind``, one of :data:`VALUE_KINDS`."""
        rows = self._values
        return rows.filter(rows.kind == kind.value).drop("kind")

    @cached_property
    def _values(self) -> ir.Table:
        """Read once: each of several lookups would else scan the whole log."""
        raw = self.log.events
        wanted = raw.filter(raw.kind.isin([kind.value for kind in VALUE_KINDS]))
        return materialise(self._numbered(wanted).select("deal", "at", "kind", "value", "amount"))

    def _numbered(self, events: ir.Table) -> ir.Table:
        keyed = events.join(self.deals.select("deal_id", "deal"), "deal_id")
        return keyed.mutate(at=micros(keyed["at"])).drop("deal_id")


def prepare(log: EventLog, snapshots: ir.Table) -> Timeline:
    """Give the snapshots' deals dense numbers; the log's other deals play no part."""
    deals = log.deals.semi_join(snapshots, "deal_id")
    order = ibis.window(order_by=deals.deal_id)
    numbered = deals.mutate(
        deal=ibis.row_number().over(order).cast("int32"), created=micros(deals.created_at)
    )
    numbered = materialise(numbered)
    keyed = snapshots.select("deal_id", "at").join(numbered.select("deal_id", "deal"), "deal_id")
    marks = materialise(keyed.select("deal", at=micros(keyed.at)))
    return Timeline(log, numbered, marks)


def span_name(counter: str, days: int) -> str:
    """Fact: how many in the last ``days`` days."""
    return f"{counter}__{days}"


def last_name(counter: str) -> str:
    """Fact: when last, in microseconds, or null."""
    return f"{counter}__last"


ANSWER_FACTS: dict[str, str] = {"inbound__first": "int64", "outbound__answered": "int32"}
"""When the customer first spoke, and how many outbound contacts they had answered by the last."""


def counter_facts(counters: Iterable[str]) -> dict[str, str]:
    """Every fact the engine can give of ``counters``, with its type."""
    facts: dict[str, str] = {}
    for counter in counters:
        facts |= {counter: "int32", last_name(counter): "int64"}
        facts |= {span_name(counter, days): "int32" for days in SPANS}
    return facts | ANSWER_FACTS


def step_counter(code: int) -> str:
    """Name of the counter of the named activity with ``code``."""
    return f"step{code}"


@dataclass(frozen=True)
class Counts:
    """The marks with their counts still packed, so that the joins in between stay narrow.

    Attributes:
        rows: ``deal, at``, the latest times, the answers, and packed numbers.
        packing: how to read those.
    """

    rows: ir.Table
    packing: Packing

    def with_keys(self, counters: Iterable[str]) -> ir.Table:
        """The rows and a plain column for each of ``counters``, to join on."""
        keys = {c: _read(self.rows, self.packing, c) for c in sorted(counters)}
        return self.rows.mutate(**keys)

    def unpack(self, rows: ir.Table, facts: frozenset[str]) -> ir.Table:
        """``rows``, joined further meanwhile, with a plain column per wanted fact."""
        return _unpacked(rows, self.packing, facts)


def count_events(timeline: Timeline, steps: tuple[str, ...], facts: frozenset[str]) -> Counts:
    """Count what the wanted ``facts`` of :func:`counter_facts` need."""
    counters = _needed(facts)
    latest = tuple(c for c in counters if last_name(c) in facts)
    events = materialise(_flagged(timeline, steps, counters))
    packing = Packing.for_counts(counters, _most_events(events))
    running = materialise(_running(events, packing, latest))
    rows = materialise(_positions(events, timeline.marks))
    for span in (None, *SPANS):
        rows = _fetch(rows, running, span, _words_for(packing, span, facts), latest)
    if facts & ANSWER_FACTS.keys():
        rows = _attach_answers(rows, running, packing)
    kept = [c for c in rows.columns if not c.startswith("position")]
    return Counts(materialise(rows.select(*kept)), packing)


def _needed(facts: frozenset[str]) -> tuple[str, ...]:
    """The counters behind ``facts``, those counted over spans first, so that they share words."""
    names = {fact.split("__")[0] for fact in facts}
    if facts & ANSWER_FACTS.keys():
        names |= {"inbound", "outbound"}
    spanned = {c for c in names if any(span_name(c, s) in facts for s in SPANS)}
    return (*sorted(spanned), *sorted(names - spanned))


def _words_for(packing: Packing, span: int | None, facts: frozenset[str]) -> list[int]:
    """Indices of the packed numbers that ``facts`` need at a span's start, or now."""
    if span is None:
        return list(range(packing.words))
    return sorted({packing.word_of(c) for c in packing.counters if span_name(c, span) in facts})


def _flagged(timeline: Timeline, steps: tuple[str, ...], counters: tuple[str, ...]) -> ir.Table:
    """``deal, at, flags``: bit i of the flags says whether counter i counts the event."""
    events = timeline.events()
    says = _conditions(events, steps)
    bits = [ibis.ifelse(says[c], 1 << i, 0).cast("int64") for i, c in enumerate(counters)]
    flags = reduce(operator.add, bits) if bits else ibis.literal(0, "int64")
    return events.select("deal", "at", flags=flags)


def _conditions(events: ir.Table, steps: tuple[str, ...]) -> dict[str, ir.BooleanValue]:
    found: dict[str, ir.BooleanValue] = {
        "any": events.kind.notnull(),
        "inbound": events.direction.isin(["in", "both"]),
        "outbound": events.direction.isin(["out", "both"]),
        "customer": events.kind.isin(sorted(k.value for k in CONTACT_KINDS)),
    }
    found |= {kind: events.kind == kind for kind in KIND_COUNTERS}
    named = events.kind == Kind.ACTIVITY.value
    return found | {step_counter(i): named & (events.value == s) for i, s in enumerate(steps)}


def _most_events(events: ir.Table) -> int:
    counts = events.group_by("deal").agg(n=events.count())
    return counts.n.max().to_pyarrow().as_py() or 0


def _running(events: ir.Table, packing: Packing, latest: tuple[str, ...]) -> ir.Table:
    """Each event's number within its deal, and the packed counts and latest times up to it."""
    so_far = ibis.cumulative_window(group_by=events.deal, order_by=events["at"])
    columns: dict[str, ir.Value] = {
        f"word{i}": word.cast("float64").sum().over(so_far).cast("int64")
        for i, word in enumerate(_words(events, packing))
    }
    for counter in latest:
        when = ibis.ifelse(_is(events, packing, counter), events["at"], ibis.null("int64"))
        columns[last_name(counter)] = when.max().over(so_far)
    number = (ibis.row_number().over(so_far) + 1).cast("int32")
    return events.select("deal", "at", "flags", number=number, **columns)


def _is(events: ir.Table, packing: Packing, counter: str) -> ir.BooleanValue:
    return (events.flags & (1 << packing.counters.index(counter))) != 0


def _words(events: ir.Table, packing: Packing) -> list[ir.IntegerValue]:
    """What one event adds to each packed number."""
    words: list[list[ir.IntegerValue]] = [[] for _ in range(packing.words)]
    for i, counter in enumerate(packing.counters):
        bit = (events.flags >> i) & 1
        words[packing.word_of(counter)].append(bit * (1 << packing.shift_of(counter)))
    return [reduce(operator.add, parts) for parts in words]


def _positions(events: ir.Table, marks: ir.Table) -> ir.Table:
    """How many of the deal's events lie at or before each mark, and each span before it.

    Rows of both in a range, less the marks in it: counting rows needs only the range's ends, and
    is far cheaper than counting a column.
    """
    looks = marks.select("deal", "at", **_rows_within(marks, "looks"))
    none = {name: ibis.null("int32") for name in looks.columns if name.startswith("looks")}
    both = looks.union(events.select("deal", "at", **none))
    seen = both.mutate(**_rows_within(both, "rows"))
    seen = seen.filter(seen.looks.notnull())
    now = seen.rows - seen.looks
    back = {f"position__{s}": now - (seen[f"rows__{s}"] - seen[f"looks__{s}"]) for s in SPANS}
    columns = {name: value.cast("int32") for name, value in {"position": now, **back}.items()}
    return seen.select("deal", "at", **columns)


def _rows_within(table: ir.Table, name: str) -> dict[str, ir.Value]:
    """Rows of the deal so far, and within each span, up to each row and its equals in time."""

    def within(days: int | None) -> ir.Value:
        back = None if days is None else days * DAY - 1
        window = ibis.range_window(
            group_by=table.deal, order_by=table["at"], preceding=back, following=0
        )
        return table.count().over(window).cast("int32")

    return {name: within(None)} | {f"{name}__{s}": within(s) for s in SPANS}


def _fetch(
    rows: ir.Table, running: ir.Table, span: int | None, words: list[int], latest: tuple[str, ...]
) -> ir.Table:
    """Join the packed counts as of a span's start; as of now also the latest times."""
    if not words:
        return rows
    tail, times = ("", latest) if span is None else (f"__{span}", ())
    columns = {f"word{i}{tail}": f"word{i}" for i in words}
    columns |= {last_name(c): last_name(c) for c in times}
    there = running.select(key_deal="deal", key_number="number", **columns)
    keys = [rows.deal == there.key_deal, rows["position" + tail] == there.key_number]
    return rows.left_join(there, keys).drop("key_deal", "key_number")


def _attach_answers(rows: ir.Table, running: ir.Table, packing: Packing) -> ir.Table:
    """The deal's state at its first inbound contact and at its latest one."""
    heard = running.filter(_is(running, packing, "inbound"))
    state = heard.select(
        "deal",
        "at",
        nth=packing.read("inbound", heard[f"word{packing.word_of('inbound')}"]),
        answered=packing.read("outbound", heard[f"word{packing.word_of('outbound')}"]),
    )
    first = state.filter(state.nth == 1).select(key_deal="deal", first="at")
    rows = rows.mutate(heard=_read(rows, packing, "inbound"))
    rows = rows.left_join(first, rows.deal == first.key_deal).drop("key_deal")
    seen = ibis.ifelse(rows.heard > 0, rows["first"], ibis.null("int64"))
    rows = rows.mutate(inbound__first=seen).drop("first")
    last = state.select(key_deal="deal", key_nth="nth", outbound__answered="answered")
    found = rows.left_join(last, [rows.deal == last.key_deal, rows.heard == last.key_nth])
    return found.drop("key_deal", "key_nth", "heard")


def _read(rows: ir.Table, packing: Packing, counter: str) -> ir.IntegerValue:
    """The count so far.  No event at or before means zero."""
    return packing.read(counter, rows[f"word{packing.word_of(counter)}"].fill_null(0))


def _unpacked(rows: ir.Table, packing: Packing, facts: frozenset[str]) -> ir.Table:
    """A column per wanted count; within a span it is now less then, all counts at once."""
    columns = {c: _read(rows, packing, c) for c in packing.counters if c in facts}
    for counter in packing.counters:
        for span in (s for s in SPANS if span_name(counter, s) in facts):
            word = f"word{packing.word_of(counter)}"
            gained = rows[word].fill_null(0) - rows[f"{word}__{span}"].fill_null(0)
            columns[span_name(counter, span)] = packing.read(counter, gained)
    kept = [c for c in rows.columns if not c.startswith("word") and c not in columns]
    return rows.select(*kept, **columns)
