"""Small event logs written as a person would tell them, and a random one for properties."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog, Kind
from tsunagu.analytics.features import FittedFeatures, fit_features

TOKYO = timedelta(hours=9)
Row = dict[str, Any]


def at(text: str) -> datetime:
    """A time in Tokyo, as ``2024-03-04`` or ``2024-03-04 10:30``."""
    return (datetime.fromisoformat(text) - TOKYO).replace(tzinfo=UTC)


def event(when: str, kind: str, deal: str = "A", **columns: Any) -> Row:
    """One event at a time in Tokyo."""
    return {"deal_id": deal, "at": at(when), "kind": kind, **columns}


def deal(deal_id: str = "A", created: str = "2024-01-01", **columns: Any) -> Row:
    """One deal, its owner ``sato`` unless said otherwise."""
    return {"deal_id": deal_id, "created_at": at(created), "owner_id": "sato", **columns}


def log_of(events: list[Row], deals: list[Row], until: str = "2025-01-01", **more: Any) -> EventLog:
    """An event log on DuckDB.  Columns of the deals beyond the schema are attributes."""
    extra = sorted({name for row in deals for name in row} - set(DEAL_SCHEMA.names))
    fields = [pa.field(name, pa.array([d.get(name) for d in deals]).type) for name in extra]
    return EventLog(
        events=ibis.memtable(pa.Table.from_pylist(events, schema=EVENT_SCHEMA)),
        deals=ibis.memtable(pa.Table.from_pylist(deals, schema=pa.schema([*DEAL_SCHEMA, *fields]))),
        observed_until=at(until),
        **more,
    )


def snapshots_at(*moments: tuple[str, str]) -> Any:
    """Snapshots as pairs of a deal and a time in Tokyo."""
    rows = [{"deal_id": d, "at": at(when)} for d, when in moments]
    schema = pa.schema([("deal_id", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


def row_at(
    log: EventLog, when: str, deal_id: str = "A", fitted: FittedFeatures | None = None
) -> Row:
    """The features of one deal at one time, every candidate feature computed."""
    fitted = fitted or fit_features(log)
    table = fitted.transform(log, snapshots_at((deal_id, when)))
    rows = table.to_pyarrow().to_pylist()
    assert len(rows) == 1
    return rows[0]


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    """A feature table as sorted tuples, floats rounded to 1e-9, NaN as null.

    Ibis hands out Spark's instants without their zone; the session's zone is UTC.
    """
    found = table.to_pyarrow().to_pylist()
    return sorted((tuple(map(_plain, row.values())) for row in found), key=lambda r: r[:2])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 9)
    return value


def random_rows(seed: int, deals: int = 12) -> tuple[list[Row], list[Row]]:
    """Events and deals of every kind, in shuffled order, with ties across deals."""
    rng = random.Random(seed)  # noqa: S311
    events: list[Row] = []
    made: list[Row] = []
    for number in range(deals):
        created = at("2024-01-01") + timedelta(hours=rng.randrange(24 * 60))
        name = f"D{number}"
        made.append(_random_deal(rng, name, created))
        hours = sorted(rng.sample(range(24 * 150), rng.randrange(0, 40)))
        times = [created + timedelta(hours=h) for h in hours]
        events += [_random_event(rng, name, when) for when in times]
        if times and rng.random() < 0.6:
            outcome = rng.choice(["won", "broken_off", "lost"])
            ended = times[-1] + timedelta(days=1)
            events.append({"deal_id": name, "at": ended, "kind": "outcome", "value": outcome})
    rng.shuffle(events)
    rng.shuffle(made)
    return events, made


def _random_deal(rng: random.Random, name: str, created: datetime) -> Row:
    return {
        "deal_id": name,
        "created_at": created,
        "owner_id": rng.choice(["sato", "suzuki", None]),
        "at_risk_from": created + timedelta(days=2) if rng.random() < 0.3 else None,
        "industry": rng.choice(["製造", "小売", None]),
        "employees": rng.choice([10.0, 300.0, None]),
        "existing": rng.choice([True, False]),
    }


def _random_event(rng: random.Random, name: str, when: datetime) -> Row:
    kind = rng.choice([k.value for k in Kind if k is not Kind.OUTCOME])
    day = (when + timedelta(days=rng.randrange(-3, 30))).date().isoformat()
    value = {
        "stage": rng.choice(["初回", "提案", "見積", "交渉"]),
        "planned": day,
        "close_date": day,
        "owner": rng.choice(["sato", "suzuki", "tanaka"]),
        "activity": rng.choice(["デモ", "検証", "稟議"]),
        "contact": rng.choice(["p1", "p2", "p3"]),
        "competitor": rng.choice(["X社", "Y社"]),
    }.get(kind)
    direction = rng.choice(["in", "out", "both", None])
    amount = float(rng.randrange(1, 9)) if kind in {"amount", "quote", "survey"} else None
    return {
        "deal_id": name,
        "at": when,
        "kind": kind,
        "value": value,
        "amount": amount,
        "direction": direction if kind in {"call", "email", "meeting", "visit"} else None,
    }
