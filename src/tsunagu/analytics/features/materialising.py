"""Intermediate tables computed once, on any engine."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def materialise(table: ir.Table) -> ir.Table:
    """``table`` computed and kept by its engine for as long as something refers to it.

    Ibis 12 caches on Spark without first registering the in-memory tables of the expression, and
    Spark then does not find them; so they are registered here.
    """
    backend = ibis.get_backend(table)
    backend._run_pre_execute_hooks(table)
    return table.cache()
