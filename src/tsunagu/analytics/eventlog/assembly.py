"""From assigned sources to a checked log in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.contracts import EVENT_SCHEMA, Kind, Outcome
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.eventlog.cells import WORDS, Trouble
from tsunagu.analytics.eventlog.checks import (
    Draft,
    drop_identical_rows,
    micros,
    reject_future,
    settle,
    source_order,
    unique_deals,
)
from tsunagu.analytics.eventlog.deal_rows import add_deals, deals_of_events
from tsunagu.analytics.eventlog.event_rows import add_events
from tsunagu.analytics.eventlog.facts import ORIGIN_SCHEMA, Ledger, concat, origin_of
from tsunagu.analytics.eventlog.files import Assigned
from tsunagu.analytics.eventlog.mapping import AtRisk, EventTable, Mapping, RowsOf
from tsunagu.analytics.eventlog.sheet import Sheet, mask
from tsunagu.analytics.eventlog.times import Clock, DayPart, to_instants

_INSTANT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Assembled:
    """A checked log in memory.

    Attributes:
        deals: the contract's columns and attributes, sorted by id.
        events: the contract's columns, sorted by deal and time.
        sheets: the sources with their rejected rows.
        notices: what the user should know.
        observed_until: aware, UTC.
    """

    deals: pa.Table
    events: pa.Table
    sheets: tuple[Sheet, ...]
    notices: tuple[str, ...]
    observed_until: datetime


def assemble(
    assigned: Sequence[Assigned],
    mapping: Mapping,
    now: datetime,
    step: Callable[[str, float], None],
) -> Assembled:
    """Deals and events that the mapping makes of the sources, checked.

    Args:
        assigned: sources with the tables that take them.
        mapping: what they mean.
        now: nothing later is believed where the mapping does not say when records end.
        step: called with a step's name and the share done.

    Raises:
        InputError: if the mapping does not fit the files.
    """
    clock = Clock(mapping.time_zone, mapping.date_format)
    sheets = [Sheet(each.source, clock, mapping.empty_values) for each in assigned]
    ledger = Ledger(sheets)
    ledger.notices.extend(notice for each in assigned for notice in each.source.notices)
    step("deals", 0.3)
    deals = _deals(ledger, assigned, mapping)
    step("events", 0.4)
    _events(ledger, assigned, mapping, deals)
    step("checks", 0.7)
    draft, until = _checked(ledger, mapping, deals, now)
    step("order", 0.8)
    _finish(draft, mapping.at_risk)
    until = max(until, _latest(draft))
    return Assembled(
        _deal_columns(draft.deals),
        draft.facts.select(EVENT_SCHEMA.names).cast(EVENT_SCHEMA),
        tuple(sheets),
        tuple(ledger.notices),
        until,
    )


def _deals(ledger: Ledger, assigned: Sequence[Assigned], mapping: Mapping) -> pa.Table | None:
    if mapping.deals.rows is RowsOf.EVENT:
        return None
    tables = [
        add_deals(ledger, number, mapping.deals)
        for number, each in enumerate(assigned)
        if 0 in each.tables
    ]
    deals = concat(tables)
    fine = ledger.fine(deals)
    unique = unique_deals(ledger, deals.filter(pa.array(fine)))
    return concat([unique, deals.filter(pa.array(~fine))])


def _events(
    ledger: Ledger, assigned: Sequence[Assigned], mapping: Mapping, deals: pa.Table | None
) -> None:
    for place, table in enumerate(mapping.events, start=1):
        keyed = _with_key(ledger, deals, table)
        for number, each in enumerate(assigned):
            if place in each.tables:
                add_events(ledger, number, table, keyed)


def _with_key(ledger: Ledger, deals: pa.Table | None, table: EventTable) -> pa.Table | None:
    """Deals with the column ``key`` by which this table's events find them.

    Rejected deals stand among them: their events must not pass to another deal of the same key.
    """
    if deals is None or table.latest_deal_of is None:
        return None
    keys = np.full(len(deals), None, object)
    sheet, position, _ = origin_of(deals)
    for number in np.unique(sheet):
        each, here = ledger.sheets[number], sheet == number
        column = each.ids(table.latest_deal_of.deals_column, each.faults.fine)
        keys[here] = column.take(pa.array(position[here])).to_numpy(zero_copy_only=False)
    chosen = deals.select(["deal_id", "created_at"])
    return chosen.append_column("key", pa.array(keys, pa.string()))


def _checked(
    ledger: Ledger, mapping: Mapping, deals: pa.Table | None, now: datetime
) -> tuple[Draft, datetime]:
    facts = ledger.facts()
    tables = [(facts, "at")] if deals is None else [(facts, "at"), (deals, "created_at")]
    until = _observed_until(mapping, tables, now)
    for table, column in tables:
        reject_future(ledger, table, column, until)
    if deals is None:
        deals = deals_of_events(ledger, ledger.facts(), mapping.deals)
    draft = Draft(ledger, deals, ledger.facts())
    draft.drop_rejected()
    drop_identical_rows(draft)
    settle(draft, mapping.before_creation)
    return draft, until


def _observed_until(
    mapping: Mapping, tables: Sequence[tuple[pa.Table, str]], now: datetime
) -> datetime:
    """As the mapping says; else the latest instant in the files that is not in the future."""
    if mapping.observed_until is not None:
        return _written_moment(mapping)
    present = int(now.timestamp() * 1e6)
    moments = np.concatenate([micros(table, column) for table, column in tables])
    past = moments[moments <= present]
    return _as_datetime(int(past.max()) if len(past) else present)


def _written_moment(mapping: Mapping) -> datetime:
    clock = Clock(mapping.time_zone, mapping.date_format)
    read = to_instants(pa.array([mapping.observed_until]), clock, DayPart.END)
    trouble = Trouble(int(read.troubles[0]))
    if trouble is not Trouble.NONE:
        where = ("mapping", None, "observed_until", mapping.observed_until)
        raise InputError(Problem(*where, *WORDS[trouble]))
    moment: datetime = read.values[0].as_py()
    return moment.astimezone(UTC)


def _as_datetime(microsecond: int) -> datetime:
    moment: datetime = pa.scalar(microsecond).cast(_INSTANT).as_py()
    return moment.astimezone(UTC)


def _latest(draft: Draft) -> datetime:
    at = micros(draft.facts, "at")
    return _as_datetime(int(at.max()) if len(at) else 0)


def _finish(draft: Draft, at_risk: AtRisk | None) -> None:
    """Sort, part the ties and leave out deals that never come into the task.

    What a source tells at the very instant of a deal's end was not known before it: among ties the
    outcome comes first and keeps its instant; the others keep the source's order.
    """
    draft.deals = draft.deals.sort_by("deal_id")
    place = draft.places()
    at = micros(draft.facts, "at")
    is_fact = ~mask(pc.equal(draft.facts.column("kind"), Kind.OUTCOME.value))
    order = np.lexsort((source_order(draft.facts), is_fact, at, place))
    parted = part_ties(place[order], at[order])
    draft.facts = draft.facts.take(pa.array(order)).set_column(
        EVENT_SCHEMA.get_field_index("at"), "at", pa.array(parted).cast(_INSTANT)
    )
    if at_risk is not None:
        _enter_at_risk(draft, at_risk)


def part_ties(place: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Instants that differ within each deal: ties move on by a microsecond each, in their order.

    Args:
        place: the deal of each event; sorted.
        at: microseconds, sorted within each deal.
    """
    at = at.copy()
    index = np.arange(len(at))
    while True:
        tied = np.zeros(len(at), bool)
        tied[1:] = (place[1:] == place[:-1]) & (at[1:] <= at[:-1])
        if not tied.any():
            return at
        start = np.maximum.accumulate(np.where(tied, 0, index))
        at = np.where(tied, at[start] + index - start, at)


def _enter_at_risk(draft: Draft, at_risk: AtRisk) -> None:
    rows = mask(pc.equal(draft.facts.column("kind"), at_risk.kind.value))
    for name, wanted in (("direction", at_risk.direction), ("value", at_risk.value)):
        if wanted is not None:
            rows &= mask(pc.equal(draft.facts.column(name), wanted))
    rows &= ~_ended_before(draft)
    entries = draft.facts.filter(pa.array(rows)).group_by("deal_id").aggregate([("at", "min")])
    found = pc.index_in(draft.deals.column("deal_id"), entries.column("deal_id"))
    since = entries.column("at_min").take(found)
    column = draft.deals.schema.get_field_index("at_risk_from")
    draft.deals = draft.deals.set_column(column, "at_risk_from", since).filter(since.is_valid())
    _tell_left_out(draft, len(since) - len(draft.deals), at_risk)
    draft.keep_facts(draft.places() >= 0)


def _ended_before(draft: Draft) -> NDArray[np.bool_]:
    """For each fact whether its deal had ended by then."""
    place, at = draft.places(), micros(draft.facts, "at")
    is_end = mask(pc.equal(draft.facts.column("kind"), Kind.OUTCOME.value))
    ended = np.full(len(draft.deals), np.iinfo(np.int64).max)
    np.minimum.at(ended, place[is_end], at[is_end])
    return np.asarray(at > ended[place], bool)


def _tell_left_out(draft: Draft, count: int, at_risk: AtRisk) -> None:
    wanted = " ".join(filter(None, (at_risk.kind.value, at_risk.direction, at_risk.value)))
    draft.ledger.tell(
        count,
        f"deal never had “{wanted}” while open and is left out.",
        f"deals never had “{wanted}” while open and are left out.",
    )


def _deal_columns(deals: pa.Table) -> pa.Table:
    chosen = deals.drop_columns(ORIGIN_SCHEMA.names)
    return chosen.cast(_deal_schema(chosen.schema))


def _deal_schema(schema: pa.Schema) -> pa.Schema:
    required = ("deal_id", "created_at")
    return pa.schema([f.with_nullable(f.name not in required) for f in schema])


def outcome_counts(events: pa.Table) -> dict[Outcome, int]:
    """Finished deals by outcome."""
    ends = events.filter(pc.equal(events.column("kind"), "outcome")).column("value")
    counts = {each["values"]: each["counts"] for each in pc.value_counts(ends).to_pylist()}
    return {outcome: int(counts.get(outcome.value, 0)) for outcome in Outcome}
