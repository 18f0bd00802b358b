"""Headers of two and more rows, as people draw them: groups merged over their columns.

A group over two words gives two columns. Each is called by its lowest word, and by its group too
where that word stands under several groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

DEEPEST = 4
"""Rows that a header may take."""


@dataclass(frozen=True)
class Range:
    """Merged cells, from the first to the last row and column, counted from 0."""

    first: int
    left: int
    last: int
    right: int


@dataclass(frozen=True)
class Header:
    """The rows that it takes, from ``first`` to ``last``, and a name for each column."""

    first: int
    last: int
    names: list[Any]


def merged_header(cells: Sequence[Sequence[Any]], top: int, merged: Sequence[Range]) -> Header:
    """The header that lies in or around the row ``top``; without merged cells it is that row."""
    if top >= len(cells):
        return Header(top, top, [])
    first, last = _rows(top, merged)
    last = min(last, len(cells) - 1)
    if first == last:
        return Header(top, top, list(cells[top]))
    near = [r for r in merged if r.first <= last and r.last >= first]
    rows = [_drawn(cells, row, near) for row in range(first, last + 1)]
    return Header(first, last, _names(rows))


def _rows(top: int, merged: Sequence[Range]) -> tuple[int, int]:
    """Cells merged downwards say how deep the header is; groups have a row of words below them."""
    around = [r for r in merged if r.first <= top <= r.last]
    tall = [r for r in around if r.first < r.last < r.first + DEEPEST]
    wide = [r for r in around if r.first == r.last and r.left < r.right]
    first = min([top, *(r.first for r in tall)])
    last = max([top, *(r.last for r in tall), *(top + 1 for _r in wide)])
    return first, last


def _drawn(cells: Sequence[Sequence[Any]], row: int, merged: Sequence[Range]) -> list[Any]:
    """The row as its reader sees it: merged cells all say what stands in their first one."""
    drawn = list(cells[row])
    for each in merged:
        if each.first <= row <= each.last:
            width = min(each.right + 1, len(drawn)) - each.left
            drawn[each.left : each.left + width] = [cells[each.first][each.left]] * width
    return drawn


def _names(rows: list[list[Any]]) -> list[Any]:
    lines = [list(_words(column)) for column in zip(*rows, strict=True)]
    times = Counter(words[-1] for words in lines if words)
    return [_name(words, times) for words in lines]


def _words(column: Sequence[Any]) -> Iterator[str]:
    """Each word once: a cell merged downwards stands in several rows."""
    before = ""
    for cell in column:
        word = str(cell).strip()
        if word and word != before:
            yield word
            before = word


def _name(words: list[str], times: Counter[str]) -> str:
    if not words:
        return ""
    return words[-1] if times[words[-1]] == 1 else " ".join(words)
