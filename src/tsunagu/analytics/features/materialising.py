"""Intermediate tables computed once, on any engine; or recorded, to be computed again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.backends import SmallEngine


@dataclass
class Recording:
    """The statements that make the intermediate tables, in their order.

    Attributes:
        engine: where they will run.
        statements: SQL; two for each table, which empty and fill it.
        kept: the expressions; Ibis drops the in-memory tables of an expression that is gone.
    """

    engine: SmallEngine
    statements: list[str] = field(default_factory=list)
    kept: list[ir.Table] = field(default_factory=list)

    def make(self, table: ir.Table) -> ir.Table:
        """An empty table for ``table``; remembers how to fill it."""
        name = f"step{len(self.kept)}"
        rows = self.compile(table)
        self.statements += [f"DELETE FROM {name}", f"INSERT INTO {name} {rows}"]  # noqa: S608
        return self.engine.create(name, table.schema())

    def compile(self, table: ir.Table) -> str:
        """SQL that stays good for as long as the recording lives."""
        self.engine.connection._run_pre_execute_hooks(table)
        self.kept.append(table)
        return str(self.engine.connection.compile(table))


_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)


@contextmanager
def recording(engine: SmallEngine) -> Iterator[Recording]:
    """Record what :func:`materialise` is asked for meanwhile, all of it on ``engine``."""
    token = _recording.set(made := Recording(engine))
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
