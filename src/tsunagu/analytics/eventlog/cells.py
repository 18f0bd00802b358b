"""What a cell says: text, ids, numbers, truths and durations, whole columns at a time.

Every conversion works on a column's distinct values and returns the converted column beside one
:class:`Trouble` code a row, so that a reader can reject the row in words.  Instants and dates have
a module of their own, :mod:`tsunagu.analytics.eventlog.times`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.int8]
Mask: TypeAlias = NDArray[np.bool_]


class Trouble(IntEnum):
    """Why a cell cannot be read; 0 where it can."""

    NONE = 0
    NOT_A_NUMBER = 1
    NOT_A_TRUTH = 2
    NOT_A_DURATION = 3
    NOT_A_DATE = 4
    NO_SUCH_DATE = 5
    NO_SUCH_TIME = 6
    OUTSIDE_ERA = 7
    DAY_OR_MONTH_FIRST = 8
    SKIPPED_BY_CLOCK = 9
    IMPLAUSIBLE_YEAR = 10
    ERROR_CELL = 11


WORDS: dict[Trouble, tuple[str, str]] = {
    Trouble.NOT_A_NUMBER: (
        "this is not a number.",
        "Write digits, such as 1234567, ¥1,234,567, 123万円 or △500.",
    ),
    Trouble.NOT_A_TRUTH: ("this is neither yes nor no.", "Write true or false."),
    Trouble.NOT_A_DURATION: (
        "this is not a duration.",
        "Write seconds, 12:34:56 or “4 days, 22:47:14”.",
    ),
    Trouble.NOT_A_DATE: (
        "this is not a date that is understood.",
        "Write it as 2024-04-01, 2024/4/1, 2024年4月1日 or 令和6年4月1日, with 13:05 for a time.",
    ),
    Trouble.NO_SUCH_DATE: ("this date does not exist.", "Correct the year, month or day."),
    Trouble.NO_SUCH_TIME: ("this time of day does not exist.", "Correct the hour or minute."),
    Trouble.OUTSIDE_ERA: (
        "this day does not lie within the named era.",
        "Correct the era or its year, or write the year as 2024.",
    ),
    Trouble.DAY_OR_MONTH_FIRST: (
        "it is not clear which number is the day and which the month.",
        'Put date_format = "day_first" or "month_first" into the mapping.',
    ),
    Trouble.SKIPPED_BY_CLOCK: (
        "this time was skipped when the clocks went forward.",
        "Correct the hour, or write the offset from UTC, such as +02:00.",
    ),
    Trouble.IMPLAUSIBLE_YEAR: (
        "the year is not plausible (1900 to 2199).",
        "Correct the year, or leave the cell empty.",
    ),
    Trouble.ERROR_CELL: (
        "the spreadsheet's formula ended in an error.",
        "Mend the formula, or write the value itself.",
    ),
}
"""For each trouble what is wrong and what to do next."""

_ERROR_CELL = r"^#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)$"


@dataclass(frozen=True)
class Converted:
    """A converted column: ``values`` is null where the cell is empty or in trouble."""

    values: pa.Array
    troubles: Codes


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as strings, as written; null where there is nothing but white space."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    text = flat if pa.types.is_string(flat.type) else pc.cast(flat, pa.string())
    blank = pc.equal(pc.utf8_trim_whitespace(text), "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), text)


def plain(column: pa.Array) -> pa.Array:
    """Strings made comparable: trimmed, full-width forms made half-width (NFKC)."""
    return by_distinct_values(column, _plain_distinct)


def _plain_distinct(values: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.utf8_normalize(as_text(values), form="NFKC"))


def by_distinct_values(
    column: pa.Array | pa.ChunkedArray, convert: Callable[[pa.Array], pa.Array]
) -> pa.Array:
    """``convert`` applied to the distinct values only, then spread over the rows."""
    coded = _encode(column)
    return convert(coded.dictionary).take(coded.indices)


def _encode(column: pa.Array | pa.ChunkedArray) -> Any:
    coded = pc.dictionary_encode(column)
    return coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded


def convert_distinct(
    column: pa.Array | pa.ChunkedArray, convert: Callable[[pa.Array], Converted]
) -> Converted:
    """Like :func:`by_distinct_values` for conversions that may meet trouble."""
    coded = _encode(column)
    distinct = convert(coded.dictionary)
    rows = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    troubles = np.append(distinct.troubles, np.int8(Trouble.NONE))[rows]
    return Converted(distinct.values.take(coded.indices), troubles.astype(np.int8))


def to_text(column: pa.Array) -> Converted:
    """Text kept as written, but for the spreadsheet errors, which are trouble."""
    return convert_distinct(as_text(column), _without_error_cells)


def to_ids(column: pa.Array) -> Converted:
    """Ids: trimmed, full-width letters and digits made half-width."""
    return convert_distinct(as_text(column), lambda v: _without_error_cells(_half_width(v)))


def _half_width(values: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(values)
    wide = pc.match_substring_regex(trimmed, "[！-～]").to_numpy(zero_copy_only=False)
    if not wide.any():
        return trimmed
    narrow = [
        v.translate(_NARROW) if w else v for v, w in zip(trimmed.to_pylist(), wide, strict=True)
    ]
    return pa.array(narrow, pa.string())


_NARROW = {ord(c): unicodedata.normalize("NFKC", c) for c in map(chr, range(0xFF10, 0xFF5B))}


def _without_error_cells(values: pa.Array) -> Converted:
    broken = pc.fill_null(pc.match_substring_regex(values, _ERROR_CELL), False)
    kept = pc.if_else(broken, pa.scalar(None, pa.string()), values)
    return Converted(kept, np.where(_mask(broken), Trouble.ERROR_CELL, 0).astype(np.int8))


def _mask(booleans: pa.Array) -> Mask:
    return np.asarray(booleans.to_numpy(zero_copy_only=False), dtype=bool)


def to_numbers(column: pa.Array) -> Converted:
    """Numbers as float64: 1.2E+05, １２３, ¥1,234, 12万円, 1億2,000万円, △500, (500), 3%."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        values = pc.cast(column, pa.float64())
        odd = _mask(pc.fill_null(pc.invert(pc.is_finite(values)), False))
        values = pc.if_else(pa.array(odd), pa.scalar(None, pa.float64()), values)
        return Converted(values, np.where(odd, Trouble.NOT_A_NUMBER, 0).astype(np.int8))
    return convert_distinct(as_text(column), _distinct_numbers)


_PLAIN_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"


def _distinct_numbers(values: pa.Array) -> Converted:
    text = _plain_distinct(values)
    easy = _mask(pc.fill_null(pc.match_substring_regex(text, _PLAIN_NUMBER), False))
    numbers = np.full(len(text), np.nan)
    numbers[easy] = pc.cast(text.filter(pa.array(easy)), pa.float64()).to_numpy()
    hard = ~easy & _mask(text.is_valid())
    numbers[hard] = [_number(word) for word in text.filter(pa.array(hard)).to_pylist()]
    return _checked(text, numbers, Trouble.NOT_A_NUMBER)


def _checked(text: pa.Array, numbers: NDArray[np.float64], trouble: Trouble) -> Converted:
    missing = ~np.isfinite(numbers)
    troubles = np.where(missing & _mask(text.is_valid()), trouble, Trouble.NONE).astype(np.int8)
    errors = _mask(pc.fill_null(pc.match_substring_regex(text, _ERROR_CELL), False))
    troubles[errors] = Trouble.ERROR_CELL
    return Converted(pa.array(numbers, pa.float64(), mask=missing), troubles)


_UNITS = {"": 1.0, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "億": 1e8, "兆": 1e12}
_PART = re.compile(r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(千万|百万|千|万|億|兆)?")
_NEGATIVE = re.compile(r"^(?:[△▲−‐–-]\s*(?P<signed>.*)|\((?P<bracketed>.*)\))$")
_CURRENCY = re.compile(r"^(?:[¥\\$€£]|JPY|USD|EUR)\s*|\s*(?:円|JPY|USD|EUR|€)$")


def _number(text: str) -> float:
    """The number that a decorated text says, or NaN."""
    bare = _CURRENCY.sub("", text)
    negative = _NEGATIVE.match(bare)
    if negative:
        inner = negative["signed"] if negative["signed"] is not None else negative["bracketed"]
        bare = _CURRENCY.sub("", inner.strip()) if bare == text else inner
    text = bare.strip().removeprefix("+").strip()
    size = _percentage(text) if text.endswith("%") else _sum_of_parts(text)
    return -size if negative else size


def _percentage(text: str) -> float:
    return _sum_of_parts(text.removesuffix("%").strip()) / 100


def _sum_of_parts(text: str) -> float:
    """``1億2,000万`` as 120,000,000; units must fall; NaN where the text is anything else."""
    total, last_unit, end = 0.0, float("inf"), 0
    for part in _PART.finditer(text):
        unit = _UNITS[part[2] or ""]
        if part.start() != end or unit >= last_unit:
            return float("nan")
        total += float(part[1].replace(",", "")) * unit
        last_unit, end = unit, part.end()
    return total if text and end == len(text) else float("nan")


_YES = ("true", "t", "yes", "y", "1", "はい", "有", "あり", "○", "◯", "✓", "済")
_NO = ("false", "f", "no", "n", "0", "いいえ", "無", "なし", "×", "未")


def to_truths(column: pa.Array) -> Converted:
    """Booleans: true/false, yes/no, 1/0, はい/いいえ, 有/無, ○/×."""
    if pa.types.is_boolean(column.type):
        return Converted(column, np.zeros(len(column), np.int8))
    return convert_distinct(as_text(column), _distinct_truths)


def _distinct_truths(values: pa.Array) -> Converted:
    words = pc.utf8_lower(_plain_distinct(values))
    yes = _mask(pc.is_in(words, pa.array(_YES)))
    no = _mask(pc.is_in(words, pa.array(_NO)))
    odd = ~yes & ~no & _mask(words.is_valid())
    troubles = np.where(odd, Trouble.NOT_A_TRUTH, Trouble.NONE).astype(np.int8)
    return Converted(pa.array(yes, mask=~yes & ~no), troubles)


_DURATION = (
    r"^(?:(?P<d>\d+)\s*(?:days?,?|日)\s*)?(?:(?P<h>\d+):(?P<m>[0-5]\d):(?P<s>[0-5]\d(?:\.\d+)?))?$"
)


def to_seconds(column: pa.Array) -> Converted:
    """Durations as seconds: ``4 days, 22:47:14``, ``00:17:08``, ``3日`` or a plain number."""
    if not pa.types.is_string(column.type):
        return to_numbers(column)
    return convert_distinct(as_text(column), _distinct_seconds)


def _distinct_seconds(values: pa.Array) -> Converted:
    text = _plain_distinct(values)
    seconds = np.full(len(text), np.nan)
    number = _mask(pc.fill_null(pc.match_substring_regex(text, r"^\d+(?:\.\d+)?$"), False))
    seconds[number] = pc.cast(text.filter(pa.array(number)), pa.float64()).to_numpy()
    fields = pc.extract_regex(text, _DURATION)
    clocked = _mask(fields.is_valid()) & ~number
    days, hours, minutes, rest = (_float_field(fields, name, clocked) for name in "dhms")
    seconds[clocked] = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    return _checked(text, seconds, Trouble.NOT_A_DURATION)


def _float_field(fields: pa.StructArray, name: str, rows: Mask) -> NDArray[np.float64]:
    words = pc.struct_field(fields, name).filter(pa.array(rows))
    filled = pc.if_else(pc.equal(words, ""), "0", words)
    return np.asarray(pc.cast(filled, pa.float64()).to_numpy(zero_copy_only=False))
