"""Event logs small enough to reckon with by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog

START = datetime(2026, 1, 5, tzinfo=UTC)


def day(number: float) -> datetime:
    """The instant so many days after the start of all small logs."""
    return START + timedelta(days=number)


def small_log(
    deals: dict[str, dict[str, str | None]],
    events: Sequence[tuple[str, float, str, str | None] | tuple[str, float, str, str | None, str]],
    *,
    stages: tuple[str, ...] = (),
    until: float = 400,
) -> EventLog:
    """A log of deals (with their attributes) created on day 0, and of events.

    An event is ``(deal, day, kind, value)`` and, where the customer is touched, the direction.
    """
    names = sorted({name for attributes in deals.values() for name in attributes})
    rows = [
        {"deal_id": deal, "created_at": START, **attributes} for deal, attributes in deals.items()
    ]
    schema = pa.schema([*DEAL_SCHEMA, *[pa.field(name, pa.string()) for name in names]])
    facts = [
        {"deal_id": e[0], "at": day(e[1]), "kind": e[2], "value": e[3], "direction": (*e, None)[4]}
        for e in events
    ]
    con = ibis.duckdb.connect()
    return EventLog(
        events=con.create_table("events", pa.Table.from_pylist(facts, schema=EVENT_SCHEMA)),
        deals=con.create_table("deals", pa.Table.from_pylist(rows, schema=schema)),
        observed_until=day(until),
        time_zone="UTC",
        stages=stages,
    )


def ask(*questions: tuple[str, float]) -> ir.Table:
    """Snapshots: a deal and a day each."""
    rows = [{"deal_id": deal, "at": day(number)} for deal, number in questions]
    schema = pa.schema([EVENT_SCHEMA.field("deal_id"), EVENT_SCHEMA.field("at")])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))
