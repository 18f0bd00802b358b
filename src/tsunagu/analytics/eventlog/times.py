"""Instants and dates as people write them, whole columns at a time.

ISO, ``2024/4/1``, ``2024.4.1``, ``2024年4月1日``, ``20240401``, Japanese eras (``令和6年4月1日``,
``R6.4.1``), Excel serial days (1900 system) and day-or-month-first dates where the mapping says
which; with ``13:05``, ``午後1時5分``, ``1:05 PM`` and offsets from UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.eventlog.cells import (
    Codes,
    Converted,
    Mask,
    Trouble,
    as_text,
    convert_distinct,
)

Integers: TypeAlias = NDArray[np.int64]

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_INSTANT = pa.timestamp("us", tz="UTC")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


class DayPart(Enum):
    """Where a date without a time of day is put within its local day, in seconds after midnight.

    A fact is known only once its day is over, so that features never look ahead; an end comes
    after the same day's facts.
    """

    START = 0
    FACT = 86_398
    END = 86_399


@dataclass(frozen=True)
class Clock:
    """How a source's dates are meant.

    Attributes:
        time_zone: IANA name for times without an offset.
        date_format: ``day_first`` or ``month_first`` for 03/04/2024; None: such dates are trouble.
    """

    time_zone: str
    date_format: str | None = None


@dataclass
class _Parsed:
    """Distinct texts on their way to local times; offsets in seconds, NaN where none is written."""

    local: Integers
    offset: NDArray[np.float64]
    date_only: Mask
    troubles: Codes
    found: Mask


def to_instants(column: pa.Array, clock: Clock, part: DayPart) -> Converted:
    """Instants in UTC, microseconds.

    Times without an offset are in the clock's zone: one that the zone skipped is trouble, one that
    it had twice is taken as the earlier.
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _typed_instants(column, clock, part)
    return convert_distinct(as_text(column), lambda v: _distinct_instants(v, clock, part))


def to_dates(column: pa.Array, clock: Clock) -> Converted:
    """Dates as ISO strings; a time of day is dropped."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        days = pc.cast(_local(column, clock), pa.date32(), safe=False)
        return Converted(pc.cast(days, pa.string()), np.zeros(len(column), np.int8))
    return convert_distinct(as_text(column), lambda v: _distinct_dates(v, clock))


def _local(column: pa.Array, clock: Clock) -> pa.Array:
    if pa.types.is_date(column.type) or column.type.tz is None:
        return column
    zoned = pc.cast(column, pa.timestamp(column.type.unit, tz=clock.time_zone))
    return pc.local_timestamp(zoned)


def _typed_instants(column: pa.Array, clock: Clock, part: DayPart) -> Converted:
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        moments = pc.cast(column, _INSTANT, safe=False)
        return _plausible(moments, np.zeros(len(column), np.int8))
    date_only = pa.types.is_date(column.type)
    local = pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64())
    micros = pc.fill_null(local, 0).to_numpy() + (part.value * _SECOND if date_only else 0)
    moments, troubles = _zoned(micros, _valid(column), clock)
    return _plausible(moments, troubles)


def _plausible(moments: pa.Array, troubles: Codes) -> Converted:
    years = pc.fill_null(pc.year(moments), 2000).to_numpy()
    odd = (years < _FIRST_YEAR) | (years > _LAST_YEAR)
    kept = pc.if_else(pa.array(odd), pa.scalar(None, _INSTANT), moments)
    return Converted(kept, np.where(odd, Trouble.IMPLAUSIBLE_YEAR, troubles).astype(np.int8))


def _distinct_instants(values: pa.Array, clock: Clock, part: DayPart) -> Converted:
    parsed = _parse(values, clock)
    fine = parsed.found & (parsed.troubles == Trouble.NONE)
    local = parsed.local + np.where(parsed.date_only, part.value * _SECOND, 0)
    naive = np.isnan(parsed.offset)
    moments, skipped = _zoned(local, fine & naive, clock)
    shifted = local - np.nan_to_num(parsed.offset).astype(np.int64) * _SECOND
    absolute = pa.array(shifted, mask=~(fine & ~naive)).cast(_INSTANT)
    troubles = np.where(parsed.troubles == Trouble.NONE, skipped, parsed.troubles)
    return Converted(pc.coalesce(moments, absolute), troubles.astype(np.int8))


def _distinct_dates(values: pa.Array, clock: Clock) -> Converted:
    parsed = _parse(values, clock)
    days = (parsed.local // _DAY).astype(np.int32)
    wrong = ~parsed.found | (parsed.troubles != Trouble.NONE)
    dates = pa.array(days, pa.int32(), mask=wrong).cast(pa.date32())
    return Converted(dates.cast(pa.string()), parsed.troubles)


def _zoned(local: Integers, fine: Mask, clock: Clock) -> tuple[pa.Array, Codes]:
    naive = pa.array(local, pa.int64(), mask=~fine).cast(pa.timestamp("us"))
    early, late = (
        pc.assume_timezone(naive, clock.time_zone, ambiguous="earliest", nonexistent=side)
        for side in ("earliest", "latest")
    )
    skipped = pc.fill_null(pc.not_equal(early, late), False)
    moments = pc.if_else(skipped, pa.scalar(None, early.type), early).cast(_INSTANT)
    codes = np.where(skipped.to_numpy(zero_copy_only=False), Trouble.SKIPPED_BY_CLOCK, 0)
    return moments, codes.astype(np.int8)


def _valid(column: pa.Array) -> Mask:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


# ---- texts ----------------------------------------------------------------------------------

_REST = r"(?P<rest>(?:[^\d].*)?)$"
_YEAR_FIRST = r"^(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?" + _REST
_COMPACT = r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _REST
_ERA = (
    r"^(?P<era>明治|大正|昭和|平成|令和|[MTSHRmtshr])\.?\s*(?P<y>\d{1,2}|元)\s*[-/.年]\s*"
    r"(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?" + _REST
)
_YEAR_LAST = r"^(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})" + _REST
_SERIAL = r"^(?P<serial>[2-7]\d{4}(?:\.\d+)?)$"
_OFFSET = r"\s*(?P<z>Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$"
_HALF = r"(?P<half>午前|午後|[AaPp][Mm])?\s*"
_CLOCKED = (
    r"^[T\s]*" + _HALF + r"(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<half2>[AaPp][Mm])?" + _OFFSET
)
_KANJI_CLOCK = (
    r"^\s*" + _HALF + r"(?P<h>\d{1,2})時(?:(?P<mi>\d{1,2})分(?:(?P<s>\d{1,2})秒)?)?"
    r"(?P<f>\b\B)?(?P<half2>\b\B)?" + _OFFSET
)
_WEEKDAY = r"^\s*\((?:[月火水木金土日]|Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:曜日?)?\)"
_ERROR_CELL = r"^#[A-Z0-9/_]+[!?A]?$"


def _parse(values: pa.Array, clock: Clock) -> _Parsed:
    text = pc.utf8_trim_whitespace(pc.utf8_normalize(values, form="NFKC"))
    text = pc.replace_substring_regex(text, r"日(\d)", r"日 \1")
    parsed = _unparsed(len(text))
    for pattern in (_YEAR_FIRST, _COMPACT, _ERA, _YEAR_LAST):
        _apply(pattern, text, parsed, clock)
    _apply_serial(text, parsed)
    lost = ~parsed.found & _valid(text)
    parsed.troubles[lost] = Trouble.NOT_A_DATE
    errors = pc.fill_null(pc.match_substring_regex(text, _ERROR_CELL), False)
    parsed.troubles[errors.to_numpy(zero_copy_only=False)] = Trouble.ERROR_CELL
    return parsed


def _unparsed(size: int) -> _Parsed:
    return _Parsed(
        local=np.zeros(size, np.int64),
        offset=np.full(size, np.nan),
        date_only=np.zeros(size, bool),
        troubles=np.zeros(size, np.int8),
        found=np.zeros(size, bool),
    )


def _apply(pattern: str, text: pa.Array, parsed: _Parsed, clock: Clock) -> None:
    left = np.flatnonzero(~parsed.found & _valid(text))
    fields = pc.extract_regex(text.take(pa.array(left)), pattern)
    hit = _valid(fields)
    if not hit.any():
        return
    rows, fields = left[hit], fields.filter(pa.array(hit))
    parsed.found[rows] = True
    days, troubles = _days(pattern, fields, clock)
    micros, offset, date_only, time_troubles = _times(_field(fields, "rest"))
    parsed.local[rows] = days * _DAY + micros
    parsed.offset[rows] = offset
    parsed.date_only[rows] = date_only
    parsed.troubles[rows] = np.where(troubles != Trouble.NONE, troubles, time_troubles)


def _days(pattern: str, fields: pa.StructArray, clock: Clock) -> tuple[Integers, Codes]:
    year, month, day = (_whole(fields, name) for name in "ymd")
    if pattern is _ERA:
        return _era_days(_field(fields, "era"), year, month, day)
    if pattern is _YEAR_LAST:
        if clock.date_format is None:
            return np.zeros_like(day), np.full(len(day), Trouble.DAY_OR_MONTH_FIRST, np.int8)
        if clock.date_format == "day_first":
            month, day = day, month
    return _civil_days(year, month, day)


def _civil_days(year: Integers, month: Integers, day: Integers) -> tuple[Integers, Codes]:
    """Days since 1970-01-01, and a trouble where the date does not exist."""
    months = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64)
    odd = (month < 1) | (month > 12) | (day < 1) | (day > following - first)
    troubles = np.where(odd, Trouble.NO_SUCH_DATE, Trouble.NONE)
    implausible = (year < _FIRST_YEAR) | (year > _LAST_YEAR)
    troubles = np.where(implausible, Trouble.IMPLAUSIBLE_YEAR, troubles)
    return np.where(troubles == Trouble.NONE, first + day - 1, 0), troubles.astype(np.int8)


def _era_days(
    names: pa.Array, year: Integers, month: Integers, day: Integers
) -> tuple[Integers, Codes]:
    initials = pc.utf8_upper(pc.utf8_slice_codeunits(names, 0, 1)).to_pylist()
    eras = [_eras()[initial] for initial in initials]
    start = np.array([era.start for era in eras])
    end = np.array([era.end for era in eras])
    first_year = np.array([era.first_year for era in eras])
    days, troubles = _civil_days(first_year + year - 1, month, day)
    outside = (year < 1) | (days < start) | (days > end)
    odd = outside & (troubles == Trouble.NONE)
    return days, np.where(odd, Trouble.OUTSIDE_ERA, troubles).astype(np.int8)


@dataclass(frozen=True)
class _Era:
    first_year: int
    start: int
    end: int


@cache
def _eras() -> dict[str, _Era]:
    """Meiji to Reiwa by the first letter of their English or Japanese name; days since 1970."""
    from japanera import ERA_DATA_GENERAL

    eras: dict[str, _Era] = {}
    for era in ERA_DATA_GENERAL[-5:]:
        following = era.until or date(_LAST_YEAR + 1, 1, 1)
        known = _Era(era.since.year, _day_number(era.since), _day_number(following) - 1)
        eras[era.english[0]] = eras[era.kanji[0]] = known
    return eras


def _day_number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _times(rest: pa.Array) -> tuple[Integers, NDArray[np.float64], Mask, Codes]:
    """Microseconds after midnight, offset, whether there is no time, troubles."""
    rest = pc.utf8_trim_whitespace(pc.replace_substring_regex(rest, _WEEKDAY, ""))
    date_only = np.asarray(pc.equal(rest, "").to_numpy(zero_copy_only=False), dtype=bool)
    micros = np.zeros(len(rest), np.int64)
    offset = np.full(len(rest), np.nan)
    troubles = np.where(date_only, Trouble.NONE, Trouble.NOT_A_DATE).astype(np.int8)
    for pattern in (_CLOCKED, _KANJI_CLOCK):
        fields = pc.extract_regex(rest, pattern)
        rows = np.flatnonzero(_valid(fields) & ~date_only)
        if len(rows):
            fields = fields.take(pa.array(rows))
            micros[rows], troubles[rows] = _time_of_day(fields)
            offset[rows] = _offsets(_field(fields, "z"))
            wide = np.abs(np.nan_to_num(offset[rows])) > 14 * 3600
            troubles[rows[wide]] = Trouble.NO_SUCH_TIME
    return micros, offset, date_only, troubles


def _time_of_day(fields: pa.StructArray) -> tuple[Integers, Codes]:
    hour, minute, second = (_whole(fields, name) for name in ("h", "mi", "s"))
    half = pc.utf8_lower(
        pc.binary_join_element_wise(_field(fields, "half"), _field(fields, "half2"), "")
    )
    halved = np.asarray(pc.not_equal(half, "").to_numpy(zero_copy_only=False), dtype=bool)
    later = pc.is_in(half, pa.array(["午後", "pm"])).to_numpy(zero_copy_only=False)
    odd = (hour > np.where(halved, 12, 23)) | (minute > 59) | (second > 59)
    hour = np.where(halved & (hour == 12), 0, hour) + np.where(later, 12, 0)
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(_field(fields, "f"), 6, "0"), 0, 6)
    micros = ((hour * 60 + minute) * 60 + second) * _SECOND + _integers(fraction)
    return micros, np.where(odd, Trouble.NO_SUCH_TIME, Trouble.NONE).astype(np.int8)


def _offsets(written: pa.Array) -> NDArray[np.float64]:
    """Seconds east of UTC, NaN where nothing is written."""
    fields = pc.extract_regex(written, r"^(?P<sign>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?$")
    numeric = _valid(fields)
    seconds = np.where(pc.equal(written, "").to_numpy(zero_copy_only=False), np.nan, 0.0)
    fields = fields.filter(pa.array(numeric))
    sign = np.where(pc.equal(_field(fields, "sign"), "-").to_numpy(zero_copy_only=False), -1, 1)
    seconds[numeric] = sign * (_whole(fields, "h") * 3600 + _whole(fields, "m") * 60)
    return seconds


def _apply_serial(text: pa.Array, parsed: _Parsed) -> None:
    """Days of Excel's 1900 system, 20000 (1954) to 79999 (2119)."""
    fields = pc.extract_regex(text, _SERIAL)
    rows = np.flatnonzero(_valid(fields) & ~parsed.found)
    if not len(rows):
        return
    serial = pc.cast(_field(fields, "serial").take(pa.array(rows)), pa.float64()).to_numpy()
    seconds = np.rint((serial - 25569) * 86_400).astype(np.int64)
    parsed.local[rows] = seconds * _SECOND
    parsed.date_only[rows] = serial == np.floor(serial)
    parsed.found[rows] = True


def _field(fields: pa.StructArray, name: str) -> Any:
    return pc.struct_field(fields, name)


def _whole(fields: pa.StructArray, name: str) -> Integers:
    return _integers(_field(fields, name))


def _integers(words: pa.Array) -> Integers:
    words = pc.replace_substring(words, "元", "1")
    filled = pc.if_else(pc.equal(words, ""), "0", words)
    return np.asarray(pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False))
