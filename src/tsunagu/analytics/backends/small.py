"""An engine for a few dozen rows: SQLite in memory, whose statements cost next to nothing to begin.

DuckDB binds and plans a statement anew each time, which for hundreds of columns takes tens of
milliseconds whatever the number of rows.  SQLite prepares a statement once and then only runs it:
slower a row, but done before the other has begun.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from threading import RLock
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.backends.instants import INSTANT, SQLITE_FUNCTIONS

_STATEMENTS = 200
"""Kept prepared; the features of a model are some thirty."""


class SmallEngine:
    """Tables that are emptied and filled again, and statements over them that stay prepared.

    Instants lie in it as whole microseconds since 1970.

    Attributes:
        connection: Ibis' own.
        alone: to be held by a thread from filling the tables until the answer is there.
    """

    def __init__(self) -> None:
        self._raw = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
        )
        for name, function in SQLITE_FUNCTIONS.items():
            self._raw.create_function(name, 1, _of_known(function), deterministic=True)
        self.connection: Any = ibis.sqlite.from_connection(self._raw)
        self.alone = RLock()

    def create(self, name: str, schema: ibis.Schema) -> ir.Table:
        """An empty table; its instants are UTC, to the microsecond, whatever was announced."""
        known = {n: INSTANT if kind.is_timestamp() else kind for n, kind in schema.items()}
        table: ir.Table = self.connection.create_table(name, schema=ibis.schema(known))
        return table

    def put(self, name: str, table: pa.Table) -> None:
        """Copy ``table`` into the place of what was in the created table ``name``."""
        self._raw.execute(f"DELETE FROM {name}")  # noqa: S608  (names are the program's own)
        places = ", ".join("?" * table.num_columns)
        rows = zip(*map(_plain, table.columns), strict=True)
        self._raw.executemany(f"INSERT INTO {name} VALUES ({places})", rows)  # noqa: S608

    def run(self, statement: str) -> None:
        """Run a statement that answers nothing."""
        self._raw.execute(statement)

    def ask(self, statement: str, schema: pa.Schema) -> pa.Table:
        """The rows of ``statement`` as a table of ``schema``."""
        rows = self._raw.execute(statement).fetchall()
        columns = zip(*rows, strict=True) if rows else [()] * len(schema)
        found = (pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True))
        return pa.table(list(found), schema=schema)


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """The column's values as SQLite takes them."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    values: list[Any] = column.to_pylist()
    return values


def _of_known(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(value)
