"""Rows of the database as Arrow columns, on SQLite and PostgreSQL.

Django's own conversion of each cell (dates, decimals) takes longer than everything else together,
so the driver's values go to Arrow as they are: whole columns at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

ROWS_AT_ONCE = 50_000
INSTANT = pa.timestamp("us", tz="UTC")


Field = tuple[str, Any, pa.DataType]
"""A column: its name, the expression that gives it, its type."""


def read_columns(rows: QuerySet[Any, Any], fields: Sequence[Field]) -> pa.Table:
    """``fields`` of ``rows``, in whatever order the database gives them."""
    schema = pa.schema([(name, kind) for name, _, kind in fields])
    wanted = [_expression(expression, kind) for _, expression, kind in fields]
    pages = [_page(page, schema) for page in _pages(rows.order_by().values_list(*wanted))]
    return pa.Table.from_batches(pages, schema)


def _expression(expression: Any, kind: pa.DataType) -> Any:
    """An instant in SQLite as its text: Django's driver would parse each in Python."""
    as_text = pa.types.is_timestamp(kind) and connection.vendor == "sqlite"
    return Cast(expression, TextField()) if as_text else expression


def _pages(rows: QuerySet[Any, Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Streamed: on PostgreSQL through a cursor that stays on the server."""
    try:
        statement, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # a condition that nothing can meet
        return
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        while page := cursor.fetchmany(ROWS_AT_ONCE):
            yield page


def _page(page: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        _column(values, field.type)
        for values, field in zip(zip(*page, strict=True), schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind) and connection.vendor == "sqlite":
        # Written by Django as UTC without saying so.
        return pa.array(values, pa.string()).cast(pa.timestamp("us")).cast(kind)
    return pa.array(values, kind)
