"""Instants and days as integers and back: the operations whose portable form is too dear.

Ibis can only add and subtract, for which DuckDB goes through the calendar of the time zone: a
second for three million instants that it could hand out as they are stored.  SQLite has neither
instants nor dates: there instants are such integers already, and days are Python's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

INSTANT = "timestamp('UTC', 6)"
_TO_MICROS: Any = ((INSTANT,), "int64")
_FROM_MICROS: Any = (("int64",), INSTANT)


def builtin(name: str, signature: Any) -> Any:
    """A function that the engine has under this name."""

    def same(value: Any) -> Any:
        """The engine's own function; this body never runs."""

    return ibis.udf.scalar.builtin(same, name=name, signature=signature)


_OWN = {
    "duckdb": (builtin("epoch_us", _TO_MICROS), builtin("make_timestamptz", _FROM_MICROS)),
    "pyspark": (builtin("unix_micros", _TO_MICROS), builtin("timestamp_micros", _FROM_MICROS)),
    "sqlite": (builtin("as_micros", _TO_MICROS), builtin("from_micros", _FROM_MICROS)),
}
"""By engine: to microseconds since 1970, and back."""

_EPOCH = date(1970, 1, 1)
_CYCLE = 400
_DAYS_OF_CYCLE = 146_097
"""The calendar repeats itself after so many years."""

_day_on_sqlite = builtin("epoch_day", (("string",), "int64"))


def epoch_micros(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Whole microseconds since 1970-01-01 UTC; a timestamp without a zone is UTC."""
    to_micros, _ = _OWN[_engine(instant)]
    found: ir.IntegerValue = to_micros(instant.cast(INSTANT))
    return found


def from_epoch_micros(micros: ir.IntegerValue) -> ir.TimestampValue:
    """The inverse of :func:`epoch_micros`, with UTC as its zone."""
    _, from_micros = _OWN[_engine(micros)]
    found: ir.TimestampValue = from_micros(micros.cast("int64"))
    return found


def epoch_day(written: ir.StringValue) -> ir.IntegerValue:
    """Days since 1970-01-01 of “year-month-day” in digits; null where the calendar has no such."""
    if _engine(written) == "sqlite":
        on_sqlite: ir.IntegerValue = _day_on_sqlite(written)
        return on_sqlite
    return written.try_cast("date").delta(ibis.date(_EPOCH), unit="day")


def _day(written: str) -> int | None:
    """:func:`epoch_day` by Python's calendar, which begins a year later than the engines' do."""
    year, month, day = map(int, written.split("-"))
    cycles, rest = divmod(year, _CYCLE)
    try:
        known = date(rest + _CYCLE, month, day)
    except ValueError:
        return None
    return (known - _EPOCH).days + (cycles - 1) * _DAYS_OF_CYCLE


def _same(micros: int) -> int:
    return micros


SQLITE_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "as_micros": _same, "from_micros": _same, "epoch_day": _day,
}  # fmt: skip
"""What a connection to SQLite must be told for these to work."""


def in_utc(moment: datetime) -> datetime:
    """An instant that an engine handed out, aware; Spark's come without their zone, UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _engine(value: ir.Value) -> str:
    """The engine of the value's tables; tables of none are compiled for the embedded one."""
    unbound = value.op().find(ops.UnboundTable)
    return "duckdb" if unbound else ibis.get_backend(value).name
