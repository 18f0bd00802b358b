"""Puts a row into every table, whatever its columns are: a new model is filled without a word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import AutoField, Field, FileField, ForeignKey, Model, QuerySet

from tsunagu.app.exports.archive import tables

_numbers = count(1)
AT = datetime(2026, 4, 1, 12, 34, 56, 789_123, tzinfo=UTC)
TEXT = "髙橋「改行\nと\tタブ」=1+1 😀 \\ \" ' 𠮷"


def fill_every_table() -> None:
    """At least one row in each table of an archive."""
    for model in tables.kept():
        if not QuerySet(model).exists():
            make(model)


def make(model: type[Model]) -> Any:
    """A row with a value in every column that may hold one; its primary key."""
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, AutoField)]
    values = [f.get_db_prep_save(_value(f), connection) for f in fields]
    names = ", ".join(connection.ops.quote_name(f.column) for f in fields)
    marks = ", ".join(["%s"] * len(values))
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608
    return QuerySet(model).order_by("pk").values_list("pk", flat=True).last()


def _value(field: Field[Any, Any]) -> Any:
    if isinstance(field, ForeignKey):
        return _pointed(field)
    if isinstance(field, FileField):
        return default_storage.save("rooms/1/file", ContentFile(b"\x00PNG\xff"))
    if field.choices:
        return next(value for value, _label in field.flatchoices if value)
    return _of_type(field)


def _pointed(field: ForeignKey[Any, Any]) -> Any:
    """A row that is there, or a new one; of a row to its own table and of a loop, none."""
    model = field.related_model
    found = QuerySet(model).order_by("-pk").values_list("pk", flat=True)
    if model is field.model:
        return None
    free = [pk for pk in found if not field.unique or not _taken(field, pk)]
    if free:
        return free[0]
    return make(model)


def _taken(field: ForeignKey[Any, Any], pk: Any) -> bool:
    return bool(QuerySet(field.model).filter(**{field.name: pk}).exists())


def _of_type(field: Field[Any, Any]) -> Any:
    number = next(_numbers)
    text = f"{number} {TEXT}"
    return {
        "CharField": text[: field.max_length],
        "SlugField": f"s-{number}",
        "EmailField": f"p{number}@example.jp",
        "TextField": text,
        "JSONField": {"ä": [1, 2.5, None, True, text], "0": {}},
        "BooleanField": True,
        "DateTimeField": AT,
        "DateField": date(2026, number % 12 + 1, 1),
        "DecimalField": Decimal("1234567890.12"),
        "FloatField": 0.1 + 0.2,
        "UUIDField": uuid4(),
        "BinaryField": b"\x00\x01\xff",
    }.get(field.get_internal_type(), number % 97 + 1)  # a number within all limits
