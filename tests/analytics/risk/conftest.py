"""Small logs whose hazards are known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
MakeLog = Callable[..., EventLog]

BREAK_OFFS_PER_DAY = {"steady": 0.004, "shaky": 0.020}
WINS_PER_DAY = 0.006


def as_log(events: list[dict[str, object]], deals: pa.Table, until: datetime) -> EventLog:
    """On DuckDB, with nullable columns as a Parquet file gives them."""
    con = ibis.duckdb.connect()
    table = pa.Table.from_pylist(events, schema=EVENT_SCHEMA)
    table = table.filter(pa.compute.less_equal(table["at"], pa.scalar(until, table["at"].type)))
    return EventLog(
        con.create_table("events", pa.table(table.columns, table.column_names)),
        con.create_table("deals", deals),
        until,
        stages=("first", "second"),
    )


def _known_log(deals: int, seed: int, days: int = 500) -> EventLog:
    """Deals whose break-offs come at a constant rate, five times higher for the shaky ones."""
    rng = np.random.default_rng(seed)
    created = np.sort(rng.uniform(0, days - 30, deals))
    kinds = np.where(rng.random(deals) < 0.5, "steady", "shaky")
    broken = rng.exponential(1 / np.array([BREAK_OFFS_PER_DAY[k] for k in kinds]))
    won = rng.exponential(1 / WINS_PER_DAY, deals)
    until = START + timedelta(days=days)
    events: list[dict[str, object]] = []
    for i in range(deals):
        life = min(broken[i], won[i])
        name = "broken_off" if broken[i] < won[i] else "won"
        talks = np.cumsum(rng.exponential(6.0, int(life / 3) + 3))
        moments = [(0.0, "stage", "first", None), (life, "outcome", name, None)]
        moments += [(t, "call", None, "in" if k % 2 else "out") for k, t in enumerate(talks)]
        for order, (t, kind, value, direction) in enumerate(moments):
            if t <= life:
                at = START + timedelta(days=created[i] + t, microseconds=order)
                events.append(
                    {
                        "deal_id": f"d{i:05d}",
                        "at": at,
                        "kind": kind,
                        "value": value,
                        "direction": direction,
                        "actor": "rep",
                    }
                )
    table = pa.table(
        {
            "deal_id": pa.array([f"d{i:05d}" for i in range(deals)], pa.string()),
            "customer_id": pa.array([f"c{i:05d}" for i in range(deals)], pa.string()),
            "owner_id": pa.array(["rep"] * deals, pa.string()),
            "created_at": pa.array(
                [START + timedelta(days=c) for c in created], DEAL_SCHEMA.field("created_at").type
            ),
            "at_risk_from": pa.array([None] * deals, DEAL_SCHEMA.field("at_risk_from").type),
            "temper": pa.array(kinds.tolist(), pa.string()),
        }
    )
    return as_log(events, table, until)


@pytest.fixture(scope="session")
def known_log() -> EventLog:
    return _known_log(1_500, seed=7)


@pytest.fixture(scope="session")
def make_known_log() -> MakeLog:
    return _known_log
