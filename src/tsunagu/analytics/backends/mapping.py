"""A Python function over the rows of a table, where the engine keeps them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import ibis
import ibis.expr.types as ir
import pyarrow as pa


class Function(Protocol):
    """Turns any batch of rows into rows of its own; can be pickled."""

    def __call__(self, rows: pa.Table) -> pa.Table:
        """What ``rows`` become."""
        ...


def map_batches(table: ir.Table, make: Callable[[], Function], schema: pa.Schema) -> ir.Table:
    """The rows that a function makes of ``table``, batch by batch.

    On Spark the executors call it (``mapInArrow``) and nothing comes to this process; the embedded
    engine hands all rows over at once.

    Args:
        table: of any engine.
        make: gives the function; called in each process that needs it, so that what is dear to
            load is loaded where it is used.  Must be picklable.
        schema: of the function's results.

    Returns:
        A table of the same engine, computed when it is read.
    """
    backend: Any = ibis.get_backend(table)
    if backend.name != "pyspark":
        return ibis.memtable(make()(table.to_pyarrow()).cast(schema))
    from pyspark.sql.pandas.types import from_arrow_schema

    frame = spark_frame(table).mapInArrow(_OverBatches(make), from_arrow_schema(_loose(schema)))
    name = f"mapped_{uuid.uuid4().hex}"
    frame.createOrReplaceTempView(name)
    made: ir.Table = backend.table(name)
    return made


def spark_frame(table: ir.Table) -> Any:
    """The table as Spark's own DataFrame."""
    backend: Any = ibis.get_backend(table)
    backend._run_pre_execute_hooks(table)
    return backend._session.sql(backend.compile(table))


class _OverBatches:
    """What an executor runs over its part of the rows."""

    def __init__(self, make: Callable[[], Function]) -> None:
        self._make = make

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        function = self._make()
        for batch in batches:
            yield from function(pa.Table.from_batches([batch])).to_batches()


def _loose(schema: pa.Schema) -> pa.Schema:
    """Spark compares whether columns may be null, which Arrow's batches do not tell."""
    return pa.schema([field.with_nullable(True) for field in schema])
