"""What became of a deal after a landmark, and what it was worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog, Kind
from tsunagu.analytics.evaluation.labels import label
from tsunagu.analytics.evaluation.values import deal_values

START = datetime(2024, 1, 1, tzinfo=UTC)
_DEALS = DEAL_SCHEMA.append(pa.field("amount", pa.float64()))


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


def _log(events: list[tuple[str, float, Kind, str | None, float | None]]) -> EventLog:
    names = sorted({event[0] for event in events})
    static = {"A": 70.0, "B": None, "C": -5.0}
    con = ibis.duckdb.connect()
    rows = [
        {"deal_id": deal, "at": _day(day), "kind": kind.value, "value": value, "amount": amount}
        for deal, day, kind, value, amount in events
    ]
    deals = [{"deal_id": n, "created_at": START, "amount": static[n]} for n in names]
    return EventLog(
        con.create_table("events", pa.Table.from_pylist(rows, EVENT_SCHEMA)),
        con.create_table("deals", pa.Table.from_pylist(deals, _DEALS)),
        _day(40),
        "UTC",
    )


@pytest.fixture
def log() -> EventLog:
    return _log(
        [
            ("A", 30, Kind.OUTCOME, "broken_off", None),
            ("A", 35, Kind.OUTCOME, "won", None),
            ("B", 1, Kind.AMOUNT, None, 100.0),
            ("B", 5, Kind.AMOUNT, None, 200.0),
            ("B", 20, Kind.AMOUNT, None, 900.0),
            ("B", 20, Kind.OUTCOME, "won", None),
            ("C", 50, Kind.OUTCOME, "broken_off", None),
        ]
    )


def _snapshots(rows: list[tuple[str, float]]) -> ibis.Table:
    columns = {
        "deal_id": pa.array([deal for deal, _ in rows]),
        "at": pa.array([_day(day) for _, day in rows], pa.timestamp("us", "UTC")),
    }
    return ibis.memtable(pa.table(columns))


def test_a_landmark_is_labelled_with_the_first_end_or_censored_where_the_log_stops(
    log: EventLog,
) -> None:
    found = label(log, _snapshots([("C", 10), ("B", 10), ("A", 10), ("A", 3)]))
    assert found.deal_ids.to_pylist() == ["A", "B", "C"]
    assert found.deal.tolist() == [0, 0, 1, 2]
    assert found.labels.days.tolist() == [27, 20, 10, 30]
    assert found.labels.event.tolist() == [1, 1, 2, 0]
    assert found.followed.tolist() == [37, 30, 30, 30]


def test_a_landmark_after_the_deals_end_is_refused(log: EventLog) -> None:
    with pytest.raises(ValueError, match="open deals only"):
        label(log, _snapshots([("B", 20)]))


def test_an_outcome_without_meaning_is_refused() -> None:
    log = _log([("A", 30, Kind.OUTCOME, "vanished", None)])
    with pytest.raises(ValueError, match="broken_off, won, lost"):
        label(log, _snapshots([("A", 3)]))


def test_a_deals_value_is_its_last_amount_before_the_end_else_its_attribute(log: EventLog) -> None:
    values = deal_values(log, pa.array(["A", "B", "C"]))
    assert values is not None
    assert values[:2].tolist() == [70, 200]
    assert np.isnan(values[2])


def test_without_amounts_there_are_no_values(log: EventLog) -> None:
    assert deal_values(log, pa.array(["C"])) is None
