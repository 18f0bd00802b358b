"""When to look at a deal: one row per deal and instant at which it was open."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.backends.instants import INSTANT
from tsunagu.analytics.contracts import EventLog, Kind
from tsunagu.analytics.features.clock import from_micros, in_micros, micros

_MONDAY = date(1970, 1, 5)


def weekly(
    log: EventLog,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    every_days: int = 7,
) -> ir.Table:
    """Each open deal at each landmark of a fixed calendar grid: ``deal_id, at``.

    Landmarks stand at 00:00 in ``log.time_zone``, every ``every_days`` days counted from a Monday.

    Args:
        log: the event log.
        start: no landmark before it (default: the first deal's start).
        end: no landmark after it (default and at most ``log.observed_until``).
        every_days: days between two landmarks.
    """
    deals = _lives(log)
    first = start if start is not None else _earliest(deals)
    last = log.observed_until if end is None else min(end, log.observed_until)
    grid = [] if first is None else _grid(first, last, every_days, log.time_zone)
    if not grid:
        return deals.filter(ibis.literal(False)).select("deal_id", at="start")
    return _on_grid(deals, grid, every_days)


def current(log: EventLog) -> ir.Table:
    """One row per deal open at ``log.observed_until``: ``deal_id, at``."""
    now = ibis.literal(log.observed_until.astimezone(UTC)).cast(INSTANT)
    deals = _lives(log)
    return deals.filter(deals.start <= now, deals.ended.isnull()).select("deal_id", at=now)


def after_each_event(log: EventLog) -> ir.Table:
    """One row per deal and instant of an event while the deal was open: ``deal_id, at``."""
    events = log.events.filter(
        log.events.kind != Kind.OUTCOME.value, log.events.at <= log.observed_until
    )
    both = events.select("deal_id", "at").join(_lives(log), "deal_id")
    return both.filter(both.at >= both.start, _open_at(both)).select("deal_id", "at").distinct()


def _lives(log: EventLog) -> ir.Table:
    """``deal_id, start, ended``: from when a deal is looked at, and its first outcome or null."""
    ends = log.events.filter(
        log.events.kind == Kind.OUTCOME.value, log.events.at <= log.observed_until
    )
    ended = ends.group_by("deal_id").agg(ended=ends.at.min())
    deals = log.deals.select(
        "deal_id", start=ibis.greatest(log.deals.created_at, _risk_start(log.deals))
    )
    return deals.left_join(ended, "deal_id").select("deal_id", "start", "ended")


def _earliest(deals: ir.Table) -> datetime | None:
    """As an integer, since engines disagree on the zone of a timestamp they hand out."""
    first = micros(deals.start).min().to_pyarrow().as_py()
    return None if first is None else from_micros(first)


def _risk_start(deals: ir.Table) -> ir.TimestampValue:
    return ibis.coalesce(deals.at_risk_from, deals.created_at)


def _open_at(rows: ir.Table) -> ir.BooleanValue:
    return rows.ended.isnull() | (rows.ended > rows.at)


def _grid(first: datetime, last: datetime, every_days: int, time_zone: str) -> list[datetime]:
    zone = ZoneInfo(time_zone)
    whole = (first.astimezone(zone).date() - _MONDAY).days // every_days
    day = _MONDAY + timedelta(days=whole * every_days)
    grid = []
    while (moment := datetime.combine(day, time(), zone).astimezone(UTC)) <= last:
        if moment >= first:
            grid.append(moment)
        day += timedelta(days=every_days)
    return grid


def _on_grid(deals: ir.Table, grid: list[datetime], every_days: int) -> ir.Table:
    """Candidate landmarks by integer arithmetic, widened by one for summer time, then checked."""
    origin, step = in_micros(grid[0]), every_days * 86_400_000_000
    low = ((micros(deals.start) - origin) / step).floor().cast("int64") - 1
    until = ibis.coalesce(deals.ended, ibis.literal(grid[-1]).cast(INSTANT))
    high = ((micros(until) - origin) / step).floor().cast("int64") + 2
    bounded = deals.mutate(
        low=ibis.greatest(low, 0), high=ibis.greatest(ibis.least(high, len(grid)), 0)
    )
    bounded = bounded.filter(bounded.low < bounded.high)
    rows = bounded.mutate(landmark=ibis.range(bounded.low, bounded.high).unnest())
    rows = rows.join(_grid_table(grid), "landmark")
    return rows.filter(rows.at >= rows.start, _open_at(rows)).select("deal_id", "at")


def _grid_table(grid: list[datetime]) -> ir.Table:
    columns = {
        "landmark": pa.array(range(len(grid)), pa.int64()),
        "at": pa.array(grid, pa.timestamp("us", tz="UTC")),
    }
    return ibis.memtable(pa.table(columns))
