"""Signals in words, Japanese and English, with the facts they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

import pyarrow as pa

from tsunagu.analytics.contracts import Signal, SignalKind
from tsunagu.analytics.detection.phrases import ARROW, EVIDENCE, SENTENCES, Pair

_WEEKDAYS = "月火水木金土日"
_SINGULAR = (
    ("1 business days", "1 business day"),
    ("1 days", "1 day"),
    ("pushed 1 times", "pushed once"),
)
_LARGE = 100


def signals(table: pa.Table, names: Mapping[str, str] | None = None) -> list[Signal]:
    """The rows of a table of signals in words; ask for those that are shown.

    Args:
        table: as :func:`detect` gives it.
        names: what people call the ids of stages, owners, contacts and the like, where the log
            has ids; the others stand as they are.
    """
    called = names or {}
    return [_signal({**row, "name": _called(row["name"], called)}) for row in table.to_pylist()]


def _called(name: str | None, names: Mapping[str, str]) -> str | None:
    """Also of both sides of a move."""
    if name is None:
        return None
    return ARROW.join(names.get(part, part) for part in name.split(ARROW))


def _signal(row: Mapping[str, Any]) -> Signal:
    kind = SignalKind(row["kind"])
    ja, en = sentences(kind, row)
    return Signal(
        deal_id=row["deal_id"],
        kind=kind,
        at=row["at"].astimezone(UTC),
        strength=row["strength"],
        evidence=evidence(kind, row),
        ja=ja,
        en=en,
    )


def evidence(kind: SignalKind, row: Mapping[str, Any]) -> dict[str, str | float]:
    """The facts by their names, without those that are not known."""
    named = {name: row[column] for column, name in EVIDENCE[kind].items()}
    return {name: value for name, value in named.items() if value is not None}


def sentences(kind: SignalKind, row: Mapping[str, Any]) -> Pair:
    """The sentence in Japanese and in English.

    Args:
        row: ``as_of`` and the columns of evidence.
    """
    ja, en = SENTENCES[kind][_case(kind, row)]
    return ja.format_map(_values(row, "ja")), _counted(en.format_map(_values(row, "en")))


def _case(kind: SignalKind, row: Mapping[str, Any]) -> str:
    if kind is SignalKind.SILENCE:
        return "" if row["day"] else "never"
    if kind is SignalKind.SINGLE_CONTACT:
        return "" if row["total"] else "nobody"
    if kind is SignalKind.COMPETITOR_NAMED:
        return "" if row["quote"] else "named"
    if kind is SignalKind.CONTACT_LEFT:
        how = ("record", "bounced", "said")[int(row["number"])]
        return how if how != "record" or row["name"] else "unnamed"
    return ""


def _values(row: Mapping[str, Any], language: str) -> dict[str, str]:
    number, usual, total = row["number"], row["usual"], row["total"]
    return {
        "n": _written(number),
        "usual": _written(usual),
        "total": _written(total),
        "percent": _percent(total),
        "n_percent": _percent(number),
        "usual_percent": _percent(usual),
        "day": _date(row["day"], row["as_of"].year, language),
        "name": row["name"] or "",
        "quote": row["quote"] or "",
    }


def _written(number: float | None) -> str:
    if number is None:
        return ""
    whole = abs(number) >= 10 or number == round(number)
    return f"{number:,.0f}" if whole else f"{number:.1f}"


def _percent(share: float | None) -> str:
    return "" if share is None or abs(share) > _LARGE else f"{100 * share:.0f}"


def _date(text: str | None, year: int, language: str) -> str:
    """With its year in English, and in Japanese where it is not that of the look."""
    if not text:
        return ""
    day = date.fromisoformat(text)
    if language == "ja":
        long_ago = "" if day.year == year else f"{day.year}年"
        return f"{long_ago}{day.month}月{day.day}日({_WEEKDAYS[day.weekday()]})"
    return f"{day.day} {day:%b %Y}"


def _counted(text: str) -> str:
    padded = f" {text}"
    for many, one in _SINGULAR:
        padded = padded.replace(f" {many}", f" {one}")
    return padded[1:]
