"""Instants as integers and back: the operations whose portable form is too dear.

Ibis can only add and subtract, for which DuckDB goes through the calendar of the time zone: a
second for three million instants that it could hand out as they are stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

_INSTANT = "timestamp('UTC', 6)"
_TO_MICROS: Any = ((_INSTANT,), "int64")
_FROM_MICROS: Any = (("int64",), _INSTANT)


def builtin(name: str, signature: Any) -> Any:
    """A function that the engine has under this name."""

    def same(value: Any) -> Any:
        """The engine's own function; this body never runs."""

    return ibis.udf.scalar.builtin(same, name=name, signature=signature)


_OWN = {
    "duckdb": (builtin("epoch_us", _TO_MICROS), builtin("make_timestamptz", _FROM_MICROS)),
    "pyspark": (builtin("unix_micros", _TO_MICROS), builtin("timestamp_micros", _FROM_MICROS)),
}
"""By engine: to microseconds since 1970, and back."""


def epoch_micros(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Whole microseconds since 1970-01-01 UTC; a timestamp without a zone is UTC."""
    to_micros, _ = _OWN[_engine(instant)]
    found: ir.IntegerValue = to_micros(instant.cast(_INSTANT))
    return found


def from_epoch_micros(micros: ir.IntegerValue) -> ir.TimestampValue:
    """The inverse of :func:`epoch_micros`, with UTC as its zone."""
    _, from_micros = _OWN[_engine(micros)]
    found: ir.TimestampValue = from_micros(micros.cast("int64"))
    return found


def in_utc(moment: datetime) -> datetime:
    """An instant that an engine handed out, aware; Spark's come without their zone, UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _engine(value: ir.Value) -> str:
    """The engine of the value's tables; tables of none are compiled for the embedded one."""
    unbound = value.op().find(ops.UnboundTable)
    return "duckdb" if unbound else ibis.get_backend(value).name
