"""Logs on which engines could disagree, and the way from DuckDB to Spark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends import BaseBackend
from logs import Row, at, deal, event, log_of, random_rows

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate

DATES = (
    "2024-02-30", "2024-3-4", "2024", "2024-03", " 2024-03-09 ", "２０２４-０３-０４", "infinity",
    "", "epoch", "2024-03-04 10:00", "2024-03-04T10:00:00Z", "tomorrow", "令和6年3月4日",
    "0001-01-01",
    "9999-12-31", "20240304", "2024/03/04",
)  # fmt: skip
MONDAY = "2024-02-12"
"""A landmark: 00:00 in Tokyo."""


def hard() -> EventLog:
    """Nulls, broken values, ties, instants at a landmark, Japanese texts, and a random part."""
    events, deals = random_rows(1, deals=8)
    for row in deals:
        row["note"] = "「引用」; 'x' \\ \n髙橋 𠮷野家 😀" if row["existing"] else None
    written = [_dates(), _landmarks(), _nulls(), _owners(), _twice_over(), _stages()]
    for number, (rows, more) in enumerate(written):
        name = f"手書き{number}"
        deals.append(deal(name, industry="情報・通信", existing=True, **more))
        events += [{**row, "deal_id": name} for row in rows]
    deals += [deal("何もない", owner_id=None), deal("後から", "2024-08-20")]
    return log_of(events, deals, until="2024-09-01", stages=("初回", "提案"))


def _dates() -> tuple[list[Row], Row]:
    kinds = ("planned", "close_date")
    return [
        event(f"2024-02-{1 + place // 2:02} 1{place % 10}:00", kinds[place % 2], value=text)
        for place, text in enumerate((*DATES, "2024-03-04", None, "2024-05-01"))
    ], {}


def _landmarks() -> tuple[list[Row], Row]:
    monday = at(MONDAY)
    microsecond = timedelta(microseconds=1)
    rows = [event("2024-02-01", "call", direction="in")]
    for offset in (-microsecond, timedelta(), microsecond):
        rows.append({"at": monday + offset, "kind": "email", "direction": "out"})
        rows.append({"at": monday - timedelta(days=7) + offset, "kind": "visit", "direction": "in"})
    rows.append(event("2024-02-26", "outcome", value="won"))
    return rows, {}


def _nulls() -> tuple[list[Row], Row]:
    kinds = ("stage", "amount", "owner", "contact", "competitor", "survey", "activity", "quote")
    rows = [event(f"2024-02-0{place + 1}", kind) for place, kind in enumerate(kinds)]
    rows += [event("2024-02-20", "amount", amount=0.0), event("2024-02-21", "amount", amount=5.0)]
    return [*rows, event("2024-03-01", "call", direction="")], {"employees": 0.0}


def _owners() -> tuple[list[Row], Row]:
    names = ("suzuki", None, "", "suzuki", "髙橋", "sato")
    rows = [event(f"2024-02-0{place + 1}", "owner", value=n) for place, n in enumerate(names)]
    return [*rows, event("2024-02-15", "call", direction="both")], {"customer_id": "山田商店"}


def _twice_over() -> tuple[list[Row], Row]:
    """Two outcomes at one instant, one later, and events before the deal and after its end."""
    ended = [event("2024-03-10", "outcome", value=v) for v in ("won", "broken_off")]
    rest = [event("2023-12-30", "call", direction="in"), event("2024-03-20", "note", text="後日談")]
    return [*ended, *rest, event("2024-03-12", "outcome", value="lost")], {"created": "2024-02-02"}


def _stages() -> tuple[list[Row], Row]:
    names = ("提案", "初回", "初回", "知らない段階", "提案", "")
    rows = [event(f"2024-02-0{place + 1}", "stage", value=n) for place, n in enumerate(names)]
    return rows, {"at_risk_from": at("2024-02-03")}


def summer_time() -> EventLog:
    """A team in New York over both changes of the clock, with events in the hour that comes twice.

    The deals' ids are those that sort differently by letter and by byte.
    """
    events: list[Row] = []
    deals = [deal(name, "2024-02-20", owner_id=name) for name in ("a", "B", "Ä", "あ", "ア", "亜")]
    for hour in range(0, 24 * 300, 97):
        when = datetime(2024, 2, 25, 5, 30, tzinfo=UTC) + timedelta(hours=hour)
        name = deals[hour % len(deals)]["deal_id"]
        events.append({"deal_id": name, "at": when, "kind": "call", "direction": "in"})
    for minute in range(0, 180, 20):
        when = datetime(2024, 11, 3, 4, 50, tzinfo=UTC) + timedelta(minutes=minute)
        events.append({"deal_id": "a", "at": when, "kind": "email", "direction": "out"})
    events.append(event("2024-11-20", "outcome", "B", value="broken_off"))
    return log_of(events, deals, until="2024-12-01", time_zone="America/New_York")


def empty() -> EventLog:
    """No deal, no event."""
    return log_of([], [])


def one_event() -> EventLog:
    """One deal, one event."""
    return log_of([event("2024-01-10", "call", direction="in")], [deal()], until="2024-02-01")


def simulated(folder: Path) -> EventLog:
    """An organisation with some thousand events of every kind."""
    simulate(folder, deals=120, seed=3)
    return open_log(folder)


MADE: dict[str, Callable[[], EventLog]] = {
    "hard": hard, "summer_time": summer_time, "empty": empty, "one_event": one_event,
}  # fmt: skip


def on_spark(spark: BaseBackend, log: EventLog, folder: Path) -> EventLog:
    """The same log as Parquet files that Spark reads."""
    folder.mkdir(exist_ok=True)
    for name in ("events", "deals"):
        pq.write_table(getattr(log, name).to_pyarrow(), folder / f"{name}.parquet")
    tables = {n: spark.read_parquet(str(folder / f"{n}.parquet")) for n in ("events", "deals")}
    return replace(log, **tables)


def assert_alike(here: Any, there: Any, *keys: str) -> pa.Table:
    """Same columns and rows: numbers to 1e-9, all else exactly, nulls included."""
    one, other = (_sorted(t.to_pyarrow() if isinstance(t, ibis.Table) else t, keys)
                  for t in (here, there))  # fmt: skip
    assert one.column_names == other.column_names
    assert len(one) == len(other)
    for name in one.column_names:
        _assert_same(name, one[name], other[name])
    return one


def _sorted(table: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    table = pa.table([_plain(column) for column in table.columns], table.column_names)
    return table.sort_by([(key, "ascending") for key in keys]) if keys else table


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):  # a gap: Spark's are without their zone
        return column.cast(pa.timestamp("us")).cast(pa.int64())
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column


def _assert_same(name: str, one: pa.ChunkedArray, other: pa.ChunkedArray) -> None:
    assert one.is_null().equals(other.is_null()), name
    if pa.types.is_floating(one.type):
        pair = [column.cast(pa.float64()).fill_null(0.0).to_numpy() for column in (one, other)]
        np.testing.assert_allclose(*pair, rtol=1e-9, atol=1e-9, err_msg=name)
    else:
        assert one.to_pylist() == other.to_pylist(), name
