"""Rows by the thousand into one prepared statement.

``bulk_create`` compiles a statement of its own for every few hundred rows, and asks each field of
each row several times on the way: three times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def insert(rows: Sequence[Model], otherwise: str = "") -> None:
    """Add ``rows``, whose keys the database gives; they do not learn them.

    Args:
        rows: of one model.
        otherwise: what the statement ends with, such as ON CONFLICT.
    """
    if not rows:
        return
    meta = type(rows[0])._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(connection.ops.quote_name(field.column or field.name) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(meta.db_table)
    values = [[stored(f, f.pre_save(row, add=True)) for f in fields] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) {otherwise}",  # noqa: S608
            values,
        )


def update(rows: Iterable[Model], fields: Sequence[Field[Any, Any]]) -> None:
    """Let the database say in ``fields`` what ``rows`` of one model say."""
    rows = list(rows)
    if not rows:
        return
    columns = (connection.ops.quote_name(field.column or field.name) for field in fields)
    settings = ", ".join(f"{column} = %s" for column in columns)
    table = connection.ops.quote_name(rows[0]._meta.db_table)
    values = [[*(stored(f, getattr(row, f.attname)) for f in fields), row.pk] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {settings} WHERE id = %s", values)  # noqa: S608


def stored(field: Field[Any, Any], value: Any) -> Any:
    """A value as the database takes it; ids, texts and nulls are so already."""
    plain = value is None or isinstance(value, int | str)
    return value if plain else field.get_db_prep_save(value, connection)
