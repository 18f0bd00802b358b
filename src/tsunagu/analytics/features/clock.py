"""Time as whole microseconds and the team's calendar as whole days: integers, alike on any engine.

Engines differ without a word in how they subtract timestamps, so every instant becomes an int64
of microseconds since 2000-01-01 UTC and every local date an int of days since 2000-01-01.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.backends.instants import epoch_day, epoch_micros, from_epoch_micros

ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_DAY = date(2000, 1, 1)
DAY = 86_400_000_000
"""Microseconds in a day."""

_EPOCH_TO_ORIGIN = (ORIGIN - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
_EPOCH_TO_FIRST_DAY = (FIRST_DAY - date(1970, 1, 1)).days
_YEARS = range(1980, 2061)
_WRITTEN = "^ *([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})([^0-9]|$)"


def micros(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Whole microseconds since :data:`ORIGIN`."""
    return epoch_micros(instant) - _EPOCH_TO_ORIGIN


def instants(micros: ir.IntegerValue) -> ir.TimestampValue:
    """The inverse of :func:`micros`."""
    return from_epoch_micros(micros + _EPOCH_TO_ORIGIN)


def days(duration: ir.IntegerValue) -> ir.FloatingValue:
    """A duration in microseconds as days."""
    return duration.cast("float64") / float(DAY)


def day_number(iso_date: ir.StringValue) -> ir.IntegerValue:
    """Days since :data:`FIRST_DAY` of a written ISO date; null where it is no date.

    Taken apart first, for each engine takes other texts for dates: “2024”, “epoch”.
    """
    year, month, day = (iso_date.re_extract(_WRITTEN, part) for part in (1, 2, 3))
    written = year + "-" + month + "-" + day
    return epoch_day(written) - _EPOCH_TO_FIRST_DAY


def local_day(at: ir.IntegerValue, time_zone: str) -> ir.IntegerValue:
    """Days since :data:`FIRST_DAY` of the local date at ``at`` (microseconds)."""
    return ((at + _offset(at, time_zone)) / DAY).floor().cast("int32")


def _offset(at: ir.IntegerValue, time_zone: str) -> ir.IntegerValue:
    """The zone's offset from UTC, in microseconds, as a step function of the instant."""
    first, *changes = _offsets(time_zone)
    if not changes:
        return cast(ir.IntegerValue, ibis.literal(first[1], "int64"))
    branches = [(at >= moment, offset) for moment, offset in reversed(changes)]
    return cast(ir.IntegerValue, ibis.cases(*branches, else_=first[1]))


@lru_cache
def _offsets(time_zone: str) -> tuple[tuple[int, int], ...]:
    """``(from when, offset)`` in microseconds, for each change of the zone's clock."""
    zone = ZoneInfo(time_zone)
    return tuple(
        (in_micros(moment), _utc_offset(moment, zone) // timedelta(microseconds=1))
        for moment in _changes(zone)
    )


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The first instant looked at, then each minute at which the offset becomes another."""
    day = datetime(_YEARS[0], 1, 1, tzinfo=UTC)
    yield day
    while day.year < _YEARS[-1]:
        following = day + timedelta(days=1)
        if _utc_offset(day, zone) != _utc_offset(following, zone):
            yield _change_within(day, following, zone)
        day = following


def _change_within(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = _utc_offset(low, zone)
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        middle = middle.replace(second=0, microsecond=0)
        low, high = (middle, high) if _utc_offset(middle, zone) == before else (low, middle)
    return high


def _utc_offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def in_micros(moment: datetime) -> int:
    """An aware datetime as whole microseconds since :data:`ORIGIN`."""
    return (moment - ORIGIN) // timedelta(microseconds=1)


def from_micros(moment: int) -> datetime:
    """The inverse of :func:`in_micros`."""
    return ORIGIN + timedelta(microseconds=moment)
