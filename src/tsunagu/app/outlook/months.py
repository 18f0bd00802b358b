"""Months, each by its first day."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone

BACK, AHEAD = 3, 12
"""How many months before and after this one a page offers."""


def month_of(day: date) -> date:
    """The month that ``day`` lies in."""
    return day.replace(day=1)


def this_month() -> date:
    """The month of today, in the organisation's time zone."""
    return month_of(timezone.localdate())


def moved(month: date, by: int) -> date:
    """The month ``by`` months after ``month``; before it where negative."""
    months = 12 * month.year + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def begins(month: date) -> datetime:
    """The instant at which it begins, in the organisation's time zone."""
    return timezone.make_aware(datetime.combine(month, time.min))


def read(text: str) -> date:
    """The month that ``text`` names as ``2026-11``; this month for any other text."""
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return this_month()


def offered(chosen: date) -> list[date]:
    """Months to choose from, ``chosen`` among them, the earliest first."""
    near = {moved(this_month(), by) for by in range(-BACK, AHEAD + 1)}
    return sorted(near | {chosen})
