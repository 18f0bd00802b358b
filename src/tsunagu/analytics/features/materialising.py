"""Intermediate tables computed once, on any engine; or recorded, to be computed again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir


@dataclass
class Recording:
    """The statements that made the intermediate tables, in their order.

    Attributes:
        statements: SQL, each making one table.
        kept: the expressions; Ibis drops the in-memory tables of an expression that is gone.
    """

    statements: list[str] = field(default_factory=list)
    kept: list[ir.Table] = field(default_factory=list)

    def make(self, table: ir.Table) -> ir.Table:
        """Compute ``table`` under a name of its own, and remember how."""
        backend: Any = ibis.get_backend(table)
        name = f"step{len(self.statements)}"
        statement = f"CREATE OR REPLACE TABLE {name} AS {self.compile(table)}"
        backend.raw_sql(statement)
        self.statements.append(statement)
        made: ir.Table = backend.table(name)
        return made

    def compile(self, table: ir.Table) -> str:
        """SQL that stays good for as long as the recording lives."""
        backend = ibis.get_backend(table)
        backend._run_pre_execute_hooks(table)
        self.kept.append(table)
        return str(backend.compile(table))


_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Record what :func:`materialise` does meanwhile."""
    token = _recording.set(made := Recording())
    try:
        yield made
    finally:
        _recording.reset(token)


def materialise(table: ir.Table) -> ir.Table:
    """``table`` computed and kept by its engine for as long as something refers to it.

    Ibis 12 caches on Spark without first registering the in-memory tables of the expression, and
    Spark then does not find them; so they are registered here.
    """
    if (under_way := _recording.get()) is not None:
        return under_way.make(table)
    backend = ibis.get_backend(table)
    backend._run_pre_execute_hooks(table)
    return table.cache()
