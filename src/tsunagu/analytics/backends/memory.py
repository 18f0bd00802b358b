"""Whether an engine's tables have to fit into the memory of this machine."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def is_limited_by_memory(table: ir.Table) -> bool:
    """A cluster spreads a table over its machines; the embedded engine has this one alone."""
    return bool(ibis.get_backend(table).name == "duckdb")
