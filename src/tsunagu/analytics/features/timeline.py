"""The engine: how often and when last each kind of event happened before each snapshot.

Range windows with one aggregate per feature are slow.  Here each deal's events get running counts
once; one narrow pass finds, for each snapshot and each offset (now, 7, 30 and 90 days before), how
many events of the deal lay at or before it; an equi-join fetches the running counts there, and a
count in the last 30 days is the difference of two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import CONTACT_KINDS, EventLog, Kind
from tsunagu.analytics.features.clock import DAY, micros

SPANS: tuple[int, ...] = (7, 30, 90)
"""Days back over which events are counted, beside ever."""

BASE_COUNTERS: tuple[str, ...] = ("any", "inbound", "outbound", "customer")
"""Every event; by direction; every event that touched the customer."""

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

    def events(self, *kinds: Kind) -> ir.Table:
        """Events of ``kinds`` (all but outcomes if none named): the log's columns, ``deal``, ``at``."""
        raw = self.log.events
        wanted = raw.kind.isin([k.value for k in kinds]) if kinds else raw.kind != "outcome"
        keys = self.deals.select("deal_id", "deal")
        joined = raw.filter(wanted).join(keys, "deal_id")
        return joined.mutate(at=micros(joined.at)).drop("deal_id")


def prepare(log: EventLog, snapshots: ir.Table) -> Timeline:
    """Give the snapshots' deals dense numbers; the log's other deals play no part."""
    deals = log.deals.semi_join(snapshots, "deal_id")
    order = ibis.window(order_by=deals.deal_id)
    numbered = deals.mutate(
        deal=ibis.row_number().over(order).cast("int32"), created=micros(deals.created_at)
    ).cache()
    keyed = snapshots.select("deal_id", "at").join(numbered.select("deal_id", "deal"), "deal_id")
    marks = keyed.select("deal", at=micros(keyed.at)).cache()
    return Timeline(log, numbered, marks)


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


def step_counter(code: int) -> str:
    """Name of the counter of the named activity with ``code``."""
    return f"step{code}"


def count_events(timeline: Timeline, steps: tuple[str, ...], facts: frozenset[str]) -> ir.Table:
    """The marks with the wanted ``facts`` of :func:`counter_facts`."""
    counted = sorted({f.split("__")[0] for f in facts})
    latest = sorted(c for c in counted if last_name(c) in facts)
    events = _flagged(timeline, steps, counted).cache()
    rows = _positions(events, timeline.marks).cache()
    running = _running(events, counted, latest).cache()
    now = {name: name for name in [*counted, *map(last_name, latest)]}
    rows = _fetch(rows, running, "position", now)
    for span in SPANS:
        back = {c: span_name(c, span) for c in counted if span_name(c, span) in facts}
        if back:
            rows = _fetch(rows, running, f"position__{span}", back)
    return _differences(rows, counted)


def _flagged(timeline: Timeline, steps: tuple[str, ...], counters: list[str]) -> ir.Table:
    """``deal, at`` and a 0/1 column per counter."""
    events = timeline.events()
    flags: dict[str, ir.BooleanValue] = {
        "any": events.kind.notnull(),
        "inbound": events.direction.isin(["in", "both"]),
        "outbound": events.direction.isin(["out", "both"]),
        "customer": events.kind.isin(sorted(k.value for k in CONTACT_KINDS)),
    }
    flags |= {kind: events.kind == kind for kind in KIND_COUNTERS}
    named = events.kind == Kind.ACTIVITY.value
    flags |= {step_counter(i): named & (events.value == step) for i, step in enumerate(steps)}
    wanted = {c: ibis.ifelse(flags[c], 1, 0).cast("int32") for c in counters}
    return events.select("deal", "at", **wanted)


def _running(events: ir.Table, counted: list[str], latest: list[str]) -> ir.Table:
    """Each event's number within its deal, and the running counts and times up to it."""
    so_far = ibis.cumulative_window(group_by=events.deal, order_by=events.at)
    columns = {c: events[c].sum().over(so_far).cast("int32") for c in counted}
    columns |= {
        last_name(c): ibis.ifelse(events[c] == 1, events.at, ibis.null("int64")).max().over(so_far)
        for c in latest
    }
    number = (ibis.row_number().over(so_far) + 1).cast("int32")
    return events.select("deal", number=number, **columns)


def _positions(events: ir.Table, marks: ir.Table) -> ir.Table:
    """How many of the deal's events lie at or before each mark, and each span before it."""
    stamps = events.select("deal", "at", event=ibis.literal(1, "int32"))
    looks = marks.select("deal", "at", event=ibis.null("int32"))
    both = stamps.union(looks)

    def within(days: int | None) -> ir.IntegerValue:
        back = None if days is None else days * DAY - 1
        window = ibis.range_window(
            group_by=both.deal, order_by=both.at, preceding=back, following=0
        )
        return both.event.count().over(window).cast("int32")

    counts = {f"within{s}": within(s) for s in SPANS}
    seen = both.select("deal", "at", "event", position=within(None), **counts)
    back = {f"position__{s}": seen.position - seen[f"within{s}"] for s in SPANS}
    return seen.filter(seen.event.isnull()).select("deal", "at", "position", **back)


def _fetch(rows: ir.Table, running: ir.Table, position: str, names: dict[str, str]) -> ir.Table:
    """Join the running facts at ``position``, renamed from the keys of ``names`` to its values."""
    there = running.select(
        at_deal="deal", at_number="number", **{new: old for old, new in names.items()}
    )
    found = rows.left_join(there, [rows.deal == there.at_deal, rows[position] == there.at_number])
    return found.drop("at_deal", "at_number")


def _differences(rows: ir.Table, counted: list[str]) -> ir.Table:
    """Counts within a span: now less then.  No event at or before means zero."""
    columns: dict[str, ir.Value] = {}
    for counter in counted:
        columns[counter] = rows[counter].fill_null(0)
        for span in SPANS:
            name = span_name(counter, span)
            if name in rows.columns:
                columns[name] = rows[counter].fill_null(0) - rows[name].fill_null(0)
    return rows.mutate(**columns)
