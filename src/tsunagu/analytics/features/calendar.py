"""The calendar of the snapshot's day, in the team's time zone: known in advance by everybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.features.clock import FIRST_DAY, from_micros, local_day
from tsunagu.analytics.features.facts import Source
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.specs import Feature, fact, number
from tsunagu.analytics.features.timeline import Timeline

JAPAN = "Asia/Tokyo"
_WEEK, _FORTNIGHT = 7, 14
_WORDS = {
    "month": ("月", "month"),
    "business_days_7": ("直近7日間の営業日数", "business days in the last 7 days"),
    "holidays_next_14": ("今後14日間の祝日の数", "public holidays in the next 14 days"),
    "days_to_quarter_end": ("四半期末までの日数", "days to the end of the quarter"),
}


def features(_: Learned) -> list[Feature]:
    """Month, working days behind, holidays ahead, end of the calendar quarter."""
    return [
        number(name, "calendar", ja, en, fact(f"calendar__{name}"))
        for name, (ja, en) in _WORDS.items()
    ]


def sources(learned: Learned) -> list[Source]:
    """A row per day between the first snapshot and the last."""
    columns = {f"calendar__{name}": "float64" for name in _WORDS}
    zone = learned.time_zone
    return [Source(columns, (), lambda rows, timeline: _attach(rows, timeline, zone), moves=True)]


def _attach(rows: ir.Table, timeline: Timeline, zone: str) -> ir.Table:
    low, high = (from_micros(at).astimezone(ZoneInfo(zone)).date() for at in timeline.extent)
    days = _days(low, high, zone)
    return rows.left_join(days, local_day(rows["at"], zone) == days.calendar_day)


def _days(low: date, high: date, zone: str) -> ir.Table:
    holidays = _holidays(low, high + timedelta(days=_FORTNIGHT), zone)
    span = [low + timedelta(days=i) for i in range((high - low).days + 1)]
    columns = {"calendar_day": pa.array([(d - FIRST_DAY).days for d in span], pa.int32())}
    described = [_describe(day, holidays) for day in span]
    for name in _WORDS:
        columns[f"calendar__{name}"] = pa.array([row[name] for row in described], pa.float64())
    return ibis.memtable(pa.table(columns))


def _describe(day: date, holidays: frozenset[date]) -> dict[str, float]:
    behind = [day - timedelta(days=i) for i in range(1, _WEEK + 1)]
    ahead = [day + timedelta(days=i) for i in range(_FORTNIGHT)]
    return {
        "month": day.month,
        "business_days_7": sum(_is_weekday(d) and d not in holidays for d in behind),
        "holidays_next_14": sum(_is_weekday(d) and d in holidays for d in ahead),
        "days_to_quarter_end": (_quarter_end(day) - day).days,
    }


def _is_weekday(day: date) -> bool:
    return day.weekday() < 5


def _quarter_end(day: date) -> date:
    following = 3 * ((day.month - 1) // 3) + 4
    year, month = (day.year + 1, 1) if following > 12 else (day.year, following)
    return date(year, month, 1) - timedelta(days=1)


def _holidays(low: date, high: date, zone: str) -> frozenset[date]:
    """Japan's public holidays; elsewhere only weekends are days off."""
    return frozenset(_japanese(low, high)) if zone == JAPAN else frozenset()


def _japanese(low: date, high: date) -> Iterable[date]:
    import jpholiday  # its tables are built on import

    return (day for day, _ in jpholiday.between(low - timedelta(days=_WEEK), high))
