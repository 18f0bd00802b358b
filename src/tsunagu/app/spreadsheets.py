"""Cells for spreadsheets, which must never take a text for a formula."""

from __future__ import annotations

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings that spreadsheets take for a formula, the full-width ones too."""


def safe(value: Any) -> str:
    """A cell that no spreadsheet runs as a formula: an apostrophe stands before such a text.

    Numbers stay numbers. A text that begins with apostrophes before such a sign gets one more,
    so that exactly one can be taken away again (:mod:`tsunagu.analytics.eventlog.rejects`).
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.lstrip("'").startswith(FORMULA) else value
