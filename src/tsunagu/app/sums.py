"""How sums of money are written, in pages and in words that are made of them."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import get_language

TEN_THOUSAND, HUNDRED_MILLION = 10_000, 100_000_000


def money(value: Decimal | float | None) -> str:
    """``1,234万円`` in Japanese, ``¥12,340,000`` in English; nothing for None."""
    if value is None:
        return ""
    if settings.CURRENCY != "JPY":
        return f"{number_format(round(value), force_grouping=True)} {settings.CURRENCY}"
    if get_language() == "ja":
        return _yen_in_japanese(float(value))
    return f"¥{number_format(round(value), force_grouping=True)}"


def _yen_in_japanese(value: float) -> str:
    if abs(round(value, -4)) >= HUNDRED_MILLION:
        return f"{value / HUNDRED_MILLION:,.1f}億円"
    if abs(value) >= TEN_THOUSAND:
        return f"{value / TEN_THOUSAND:,.0f}万円"
    return f"{value:,.0f}円"
