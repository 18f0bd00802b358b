"""The same facts have the same fingerprint, other facts another one."""

from __future__ import annotations

from dataclasses import replace

import ibis
import pyarrow as pa
from tests.analytics.evaluation.small_logs import day, small_log

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.lifecycle import fingerprint

DEALS: dict[str, dict[str, str | None]] = {"d1": {"region": "東"}, "d2": {"region": None}}
EVENTS = [("d1", 1, "note", None), ("d1", 2, "call", "x"), ("d2", 1, "call", "日本")]


def shuffled(log: EventLog) -> EventLog:
    def turned(table: ibis.Table) -> ibis.Table:
        rows = table.to_pyarrow()
        back = rows.take(pa.array(range(len(rows))[::-1])).select(rows.column_names[::-1])
        return ibis.duckdb.connect().create_table("t", back)

    return replace(log, events=turned(log.events), deals=turned(log.deals))


def test_the_order_of_rows_and_columns_changes_nothing() -> None:
    log = small_log(DEALS, EVENTS)
    found = fingerprint(log)
    assert fingerprint(shuffled(log)) == found
    assert (found.deals, found.events) == (2, 3)
    assert (found.first, found.last) == (day(1), day(2))


def test_every_changed_fact_changes_it() -> None:
    base = fingerprint(small_log(DEALS, EVENTS)).digest
    others = [
        small_log(DEALS, [*EVENTS[:2], ("d2", 1, "call", "日")]),
        small_log(DEALS, [*EVENTS[:2], ("d2", 1, "call", None)]),
        small_log(DEALS, [*EVENTS[:2], ("d2", 1, "call", "")]),
        small_log(DEALS, EVENTS[:2]),
        small_log(DEALS | {"d2": {"region": "西"}}, EVENTS),
        small_log(DEALS, EVENTS, stages=("a",)),
    ]
    assert len({base, *(fingerprint(log).digest for log in others)}) == len(others) + 1


def test_what_happened_after_the_end_of_the_log_does_not_count() -> None:
    late = small_log(DEALS, [*EVENTS, ("d2", 9, "call", None)])
    assert fingerprint(late.until(day(5))) == fingerprint(small_log(DEALS, EVENTS))


def test_a_log_without_events_has_one_too() -> None:
    found = fingerprint(small_log({}, []))
    assert (found.deals, found.events, found.first) == (0, 0, None)
    assert found.to_dict()["last"] is None
