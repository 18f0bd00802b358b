"""How days are written, in pages and in words that are made of them."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import get_language

WEEKDAYS = "月火水木金土日"


def day(value: date | datetime | None) -> str:
    """``11月23日(月)`` or ``Mon 23 Nov``; the year where it is not this one; nothing for None."""
    if value is None:
        return ""
    when = timezone.localdate(value) if isinstance(value, datetime) else value
    other_year = when.year != timezone.localdate().year
    if get_language() == "ja":
        year = f"{when.year}年" if other_year else ""
        return f"{year}{when.month}月{when.day}日({WEEKDAYS[when.weekday()]})"
    return f"{when:%a} {when.day} {when:%b}" + (f" {when.year}" if other_year else "")
