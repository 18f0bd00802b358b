"""An engine that is kept: for the rows of few deals, opening one takes longer than asking it."""

from __future__ import annotations

from threading import local
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.backends.connecting import connect

_own = local()


class KeptEngine:
    """The embedded engine with Arrow tables under names; for one thread at a time.

    It works in one thread: waking more takes longer than few rows do.
    """

    def __init__(self) -> None:
        self.connection: Any = connect("duckdb://?threads=1")
        self._tables: dict[tuple[str, pa.Schema], ir.Table] = {}

    def put(self, name: str, table: pa.Table) -> ir.Table:
        """Hand in ``table``, uncopied, in the place of what had its name before."""
        self.connection.con.register(name, table)
        known = (name, table.schema)
        if known not in self._tables:
            self._tables[known] = self.connection.table(name)
        return self._tables[known]


def kept_engine() -> KeptEngine:
    """This thread's own."""
    if not hasattr(_own, "engine"):
        _own.engine = KeptEngine()
    engine: KeptEngine = _own.engine
    return engine
