"""Queries compiled once: for one deal, Ibis writes a wide query longer than DuckDB answers it.

A query is a function of tables.  It is written once for placeholders of the same schemas; after
that only the placeholders' contents differ.  Other engines get the same expression each time, since
there the query itself takes long enough.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog

_COMPILED_ONCE = "duckdb"

Schema = tuple[tuple[str, str], ...]
Query = Callable[..., ir.Table]
"""``(events, deals, asked, *settings)``, all tables, then hashable settings."""


def answer(query: Query, log: EventLog, asked: pa.Table, *settings: Hashable) -> pa.Table:
    """``query`` of a log's events and deals and of the table ``asked``."""
    backend = ibis.get_backend(log.events)
    if backend.name != _COMPILED_ONCE:
        table = query(log.events, log.deals, ibis.memtable(asked), *settings).to_pyarrow()
        return table.combine_chunks()
    name = ibis.util.gen_name("asked")
    known = _schema(ibis.memtable(asked))
    sql = _compiled(query, _schema(log.events), _schema(log.deals), known, settings)
    tables = f"events AS ({_sql(backend, log.events)}), deals AS ({_sql(backend, log.deals)})"
    backend.con.register(name, asked)
    try:
        whole = f'WITH {tables}, asked AS (SELECT * FROM "{name}") SELECT * FROM ({sql})'  # noqa: S608
        return backend.con.execute(whole).to_arrow_table().combine_chunks()
    finally:
        backend.con.unregister(name)


@lru_cache(maxsize=64)
def _compiled(
    query: Query, events: Schema, deals: Schema, asked: Schema, settings: tuple[Hashable, ...]
) -> str:
    named = {"events": events, "deals": deals, "asked": asked}
    tables = [ibis.table(dict(schema), name=name) for name, schema in named.items()]
    return str(ibis.to_sql(query(*tables, *settings), dialect=_COMPILED_ONCE))


def _schema(table: ir.Table) -> Schema:
    return tuple((name, str(kind)) for name, kind in table.schema().items())


def _sql(backend: ibis.BaseBackend, table: ir.Table) -> str:
    backend._run_pre_execute_hooks(table)  # in-memory tables must be there by their names
    return str(backend.compile(table))
