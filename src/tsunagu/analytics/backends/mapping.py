"""A Python function over the rows of Spark's tables, on the executors that hold them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.errors import TsunaguError

Function = Callable[[pa.Table], pa.Table]
"""Turns any batch of rows into rows of its own; can be pickled."""


def lies_on_executors(table: ir.Table) -> bool:
    """Whether the table's engine is Spark."""
    return bool(ibis.get_backend(table).name == "pyspark")


def on_executors(table: ir.Table, function: Function, schema: pa.Schema) -> ir.Table:
    """What ``function`` makes of ``table``, batch by batch (``mapInArrow``).

    The function, with all it holds, is broadcast once and unpacked once by each Python process of
    an executor; no row comes to this process.

    Args:
        table: of Spark.
        function: called with some thousand rows at a time.
        schema: of its results.

    Returns:
        A table of Spark, computed when it is read.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    backend: Any = ibis.get_backend(table)
    shared = backend._session.sparkContext.broadcast(function)
    frame = frame_of(table).mapInArrow(_OverBatches(shared), from_arrow_schema(_loose(schema)))
    name = f"mapped_{uuid.uuid4().hex}"
    frame.createOrReplaceTempView(name)
    made: ir.Table = backend.table(name)
    return made


def write_parquet(table: ir.Table, folder: str) -> None:
    """Let the executors write ``table`` into a new folder, each its part.

    Args:
        table: of Spark.
        folder: any address that Spark can write to; it appears complete or not at all.

    Raises:
        TsunaguError: if there is something already.
    """
    from pyspark.errors import AnalysisException

    try:
        frame_of(table).write.parquet(folder)
    except AnalysisException as error:
        if error.getCondition() != "PATH_ALREADY_EXISTS":
            raise
        raise TsunaguError(
            f"“{folder}” is there already.", remedy="Name a folder that is not, or remove it."
        ) from error


def frame_of(table: ir.Table) -> Any:
    """The table as Spark's own DataFrame."""
    backend: Any = ibis.get_backend(table)
    backend._run_pre_execute_hooks(table)
    return backend._session.sql(backend.compile(table))


class _OverBatches:
    """What an executor runs over its part of the rows."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        function: Function = self._shared.value
        for batch in batches:
            yield from function(pa.Table.from_batches([batch])).to_batches()


def _loose(schema: pa.Schema) -> pa.Schema:
    """Spark compares whether columns may be null, which Arrow's batches do not tell."""
    return pa.schema([field.with_nullable(True) for field in schema])
