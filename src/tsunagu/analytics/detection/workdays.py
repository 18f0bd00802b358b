"""Business days between a fact and a look, in the team's time zone.

Instants are microseconds since :data:`features.clock.ORIGIN`, NaN for none.  A business day counts
once it is over: from Friday to Monday is one, from Saturday to Monday none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.detection.arrays import Days, Floats
from tsunagu.analytics.features.calendar import JAPAN
from tsunagu.analytics.features.clock import FIRST_DAY, ORIGIN, from_micros

_EPOCH = int(ORIGIN.timestamp()) * 1_000_000
_AHEAD_YEARS = 2
_NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Workdays:
    """A team's business days.

    Attributes:
        zone: IANA name.
        calendar: weekends and days on which customers do not work.
    """

    zone: str
    calendar: np.busdaycalendar

    @classmethod
    def spanning(cls, zone: str, first: float, last: float) -> Workdays:
        """A calendar that knows the holidays from before ``first`` to two years after ``last``."""
        begin, end = (from_micros(int(moment)).year for moment in (first, last))
        years = range(begin - 1, end + _AHEAD_YEARS + 1)
        closed = [day for year in years for day in _closed(zone, year)]
        return cls(zone, np.busdaycalendar(holidays=np.array(closed, "datetime64[D]")))

    def day(self, instant: Floats) -> Days:
        """(n,) local dates; NaT for NaN."""
        moments = pa.array(instant, from_pandas=True).cast(pa.int64())
        since_epoch = pc.add(moments, _EPOCH).cast(pa.timestamp("us", tz="UTC"))
        local = pc.local_timestamp(since_epoch.cast(pa.timestamp("us", tz=self.zone)))
        days = pc.floor_temporal(local, unit="day").cast(pa.timestamp("s"))
        found: Days = days.to_numpy(zero_copy_only=False).astype("datetime64[D]")
        return found

    def midnight(self, day: Days) -> Floats:
        """(n,) the instants at which the local dates begin; NaN for NaT."""
        local = pa.array(day.astype("datetime64[us]"), from_pandas=True)
        instants = pc.assume_timezone(local, self.zone, ambiguous="earliest", nonexistent="latest")
        micros = pc.subtract(instants.cast(pa.int64()), _EPOCH).cast(pa.float64())
        begins: Floats = micros.to_numpy(zero_copy_only=False)
        return begins

    def between(self, start: Floats, look: Floats) -> Floats:
        """(n,) business days that ended between two instants; NaN where either is."""
        return self.between_days(self.day(start), self.day(look))

    def between_days(self, start: Days, look: Days) -> Floats:
        """(n,) business days in ``start`` to the day before ``look``."""
        known = ~(np.isnat(start) | np.isnat(look))
        count = np.full(len(start), np.nan)
        count[known] = np.busday_count(start[known], look[known], busdaycal=self.calendar)
        return count

    def after(self, start: Floats, count: Floats) -> Floats:
        """(n,) the first instant at which :meth:`between` reaches ``count``; NaN where unknown."""
        known = np.isfinite(start) & np.isfinite(count)
        day = np.full(len(start), _NEVER, "datetime64[D]")
        whole = np.maximum(np.ceil(count[known]), 1).astype(np.int64)
        begin = self.day(start[known])
        last = np.busday_offset(begin, whole - 1, roll="forward", busdaycal=self.calendar)
        day[known] = last + np.timedelta64(1, "D")
        return self.midnight(day)


def from_day_number(number: Floats) -> Days:
    """(n,) dates of days since 2000-01-01, as ``features.clock`` counts; NaT for NaN."""
    days = np.full(len(number), _NEVER, "datetime64[D]")
    known = np.isfinite(number)
    days[known] = np.datetime64(FIRST_DAY, "D") + number[known].astype(np.int64)
    return days


@lru_cache(maxsize=256)
def _closed(zone: str, year: int) -> tuple[date, ...]:
    """Japan's public holidays, and the days around New Year and Obon; elsewhere weekends alone."""
    return tuple(_japanese(year)) if zone == JAPAN else ()


def _japanese(year: int) -> Iterator[date]:
    import jpholiday  # its tables are built on import

    first, last = date(year, 1, 1), date(year, 12, 31)
    yield from (day for day, _ in jpholiday.between(first, last))
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    yield from (day for day in span if _customary(day))


def _customary(day: date) -> bool:
    """No public holidays, but few customers answer: 29 December to 3 January, Obon."""
    new_year = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    return new_year or (day.month == 8 and 13 <= day.day <= 16)
