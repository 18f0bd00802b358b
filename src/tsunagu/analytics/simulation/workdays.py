"""The working calendar: time counted in working days, and back to instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TIME_ZONE = "Asia/Tokyo"
_DAY = 86_400 * 1_000_000
_SECOND = 1_000_000
_OFFICE_HOURS = 9 * 3_600  # 9:00 to 18:00; in Tokyo the day's 9:00 is 0:00 UTC all the year


@dataclass(frozen=True)
class Workdays:
    """Working days in order; time is a float, its whole part the day, its fraction the hour.

    Counting in working days makes weekends, holidays, Obon and New Year pass in no time, so that
    every process of the simulation keeps office hours by itself.

    Attributes:
        dates: the working days, ``datetime64[D]``, ascending.
    """

    dates: NDArray[np.datetime64]

    @classmethod
    def spanning(cls, first: date, last: date) -> Workdays:
        """All working days from ``first`` to ``last``, both included."""
        every = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
        closed = _holidays(first, last)
        busy = np.is_busday(every, holidays=closed)
        return cls(every[busy])

    def index(self, day: date | np.datetime64) -> float:
        """The first working day on or after ``day``, as time."""
        wanted = np.array(day, dtype="datetime64[D]")
        return float(np.searchsorted(self.dates, wanted))

    def instants(self, time: Floats) -> Ints:
        """UTC microseconds since 1970, whole seconds, of times within the calendar."""
        day = np.clip(np.floor(time), 0, len(self.dates) - 1).astype(np.int64)
        seconds = np.clip((time - day) * _OFFICE_HOURS, 0, _OFFICE_HOURS - 1).astype(np.int64)
        return self.dates[day].astype(np.int64) * _DAY + seconds * _SECOND

    def month(self) -> Ints:
        """Month, 1 to 12, of each working day."""
        return self.dates.astype("datetime64[M]").astype(np.int64) % 12 + 1

    def firsts_of(self, *months: int) -> Floats:
        """Times at which one of ``months`` begins, ascending."""
        month = self.month()
        begins = np.flatnonzero(np.diff(month, prepend=month[0]) != 0)
        return begins[np.isin(month[begins], months)].astype(np.float64)

    def month_end(self, time: Floats) -> Floats:
        """The evening of the last working day of each time's month."""
        months = self.dates.astype("datetime64[M]")
        day = np.clip(time, 0, len(self.dates) - 1).astype(np.int64)
        last = np.searchsorted(months, months[day], side="right") - 1
        evening: Floats = last + np.float64(0.9)
        return evening


@lru_cache(maxsize=4)
def _holidays(first: date, last: date) -> list[np.datetime64]:
    import jpholiday

    named = [day for day, _ in jpholiday.between(first, last)]
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [np.datetime64(day, "D") for day in [*named, *filter(_company_closed, span)]]


def _company_closed(day: date) -> bool:
    obon = day.month == 8 and 13 <= day.day <= 16
    new_year = (day.month == 12 and day.day >= 29) or (day.month == 1 and day.day <= 3)
    return obon or new_year
