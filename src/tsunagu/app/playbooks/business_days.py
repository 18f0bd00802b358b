"""Days on which people work: no weekends, and in Japan no holidays and no days around New Year."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from django.conf import settings

JAPAN = "Asia/Tokyo"
DAY = timedelta(days=1)


def is_business_day(day: date) -> bool:
    """Whether people work on ``day``."""
    return day.weekday() < 5 and not (settings.TIME_ZONE == JAPAN and _is_holiday(day))


def business_day(start: date, count: int) -> date:
    """The day ``count`` business days after ``start``; 0: that day itself, or the next one."""
    day = start
    while not is_business_day(day):
        day += DAY
    for _number in range(count):
        day += DAY
        while not is_business_day(day):
            day += DAY
    return day


def business_days_ago(day: date, count: int) -> date:
    """The day ``count`` business days before ``day``."""
    for _number in range(count):
        day -= DAY
        while not is_business_day(day):
            day -= DAY
    return day


@lru_cache(maxsize=4096)
def _is_holiday(day: date) -> bool:
    import jpholiday  # its tables are built on import

    new_year = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    return new_year or jpholiday.is_holiday(day)
