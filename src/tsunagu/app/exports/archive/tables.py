"""Which tables an archive holds, and how their rows are written as text.

Every table does unless :data:`LEFT_OUT` says why not; a new model is in it without a line of code.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Field, FileField, Model, QuerySet

AT_ONCE = 2_000

LEFT_OUT = {
    "auth.group": "empty: roles stand in people.user",
    "auth.group_permissions": "empty, likewise",
    "auth.permission": "made by the installation itself",
    "contenttypes.contenttype": "made by the installation itself",
    "sessions.session": "whoever is logged in here is not so there",
    "account.emailconfirmation": "links that end within days",
    "django_tasks_database.dbtaskresult": "work of this installation; the schedule asks anew",
    "exports.export": "files made here do not move along",
}

SEEDED = frozenset({"playbooks.playbook", "playbooks.playbookversion"})
"""Tables that a new installation fills by itself; a restore puts the archive's rows there."""

SECRETS = {"people.user": {"password": "!"}}
"""Columns that let somebody in, by table, with what stands there in an archive without them."""


def kept() -> list[type[Model]]:
    """The models of all tables in an archive, by name."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and label(model) not in LEFT_OUT
    ]
    return sorted(found, key=label)


def label(model: type[Model]) -> str:
    """The table's name in an archive."""
    return str(model._meta.label_lower)


def rows(model: type[Model]) -> QuerySet[Model]:
    """All rows; the plain query set, for append-only models hide theirs behind refusals."""
    return QuerySet(model).order_by("pk")


def fields(model: type[Model]) -> list[Field[Any, Any]]:
    """The columns."""
    return list(model._meta.concrete_fields)


def count_rows() -> int:
    """How many rows an archive would hold."""
    return sum(QuerySet(model).count() for model in kept())


def lines(model: type[Model], *, secrets: bool) -> Iterator[bytes]:
    """The rows as NDJSON, by primary key."""
    names = [field.attname for field in fields(model)]
    hidden = {} if secrets else SECRETS.get(label(model), {})
    for row in rows(model).values_list(*names).iterator(AT_ONCE):
        written = dict(zip(names, map(_written, row), strict=True)) | hidden
        yield json.dumps(written, ensure_ascii=False, default=_inside).encode() + b"\n"


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    return value


def _inside(value: Any) -> Any:
    raise TypeError(f"an archive cannot hold {type(value).__name__}")


def file_names(model: type[Model]) -> Iterator[str]:
    """Names of the files that the rows point to, in the storage."""
    for field in fields(model):
        if isinstance(field, FileField):
            named = rows(model).exclude(**{field.name: ""}).values_list(field.name, flat=True)
            yield from named.iterator(AT_ONCE)
