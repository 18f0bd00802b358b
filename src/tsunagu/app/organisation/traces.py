"""Where a person stands in the database: in which columns of which rows of every table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import (
    CharField,
    Field,
    ForeignKey,
    JSONField,
    Model,
    Q,
    QuerySet,
    TextField,
)
from django.db.models.functions import Cast

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Event, Kind
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import AuditEntry, User

SECRET = frozenset(
    {"password", "digest", "token", "token_checksum", "client_secret", "code", "code_challenge"}
)
"""Columns that neither leave the house nor name anybody."""

AT_ONCE = 2_000

PEOPLE = (User, Contact)
"""Their rows are persons of their own: a namesake's row is another's."""


@dataclass(frozen=True)
class Place:
    """A table and those of its columns that can hold words."""

    model: type[Model]
    texts: tuple[str, ...]
    jsons: tuple[str, ...]


def places() -> Iterator[Place]:
    """All tables with words. Sessions are sealed, and end as a whole instead."""
    for model in apps.get_models():
        if model is Session or not model._meta.managed:
            continue
        texts = tuple(f.name for f in model._meta.concrete_fields if _holds_words(f))
        jsons = tuple(f.name for f in model._meta.concrete_fields if isinstance(f, JSONField))
        if texts or jsons:
            yield Place(model, texts, jsons)


def _holds_words(field: Field[Any, Any]) -> bool:
    free = isinstance(field, CharField | TextField) and not field.choices
    return free and not field.primary_key and field.name not in SECRET


def rows_that_name(subject: Subject, place: Place) -> QuerySet[Model]:
    """Rows in which one of the person's spellings stands; :func:`rewritten` looks closer."""
    if place.model in PEOPLE:
        is_own = isinstance(subject.row, place.model)
        return _rows(place).filter(pk=subject.row.pk if is_own else None)
    return _rows(place).filter(_naming(subject, place))


def _rows(place: Place) -> QuerySet[Model]:
    # The plain query set: append-only models' own refuses what erasure must do.
    rows: QuerySet[Model] = QuerySet(place.model)
    texts = {f"{name}_text": Cast(name, TextField()) for name in place.jsons}
    return rows.alias(**texts) if texts else rows


def _naming(subject: Subject, place: Place) -> Q:
    seen = Q(pk__in=())
    for needle, spellings in subject.spellings:
        for name in place.texts:
            seen |= _holds(name, needle, spellings)
        for name in place.jsons:
            seen |= _holds(f"{name}_text", _in_json(needle), [_in_json(s) for s in spellings])
    return seen


def _holds(column: str, needle: str, spellings: Sequence[str]) -> Q:
    """The needle first: few rows hold it, and only in those the spellings are looked for."""
    any_of = reduce(or_, (Q(**{f"{column}__icontains": spelling}) for spelling in spellings))
    return Q(**{f"{column}__icontains": needle}) & any_of


def _in_json(word: str) -> str:
    """As it stands in the database: SQLite keeps JSON with escapes, PostgreSQL without."""
    return json.dumps(word, ensure_ascii=connection.vendor == "sqlite")[1:-1]


def rewritten(subject: Subject, place: Place, row: Model) -> set[str]:
    """Put the pseudonym into ``row`` (unsaved); returns the columns that changed."""
    changed = set()
    for name in (*place.texts, *place.jsons):
        before = getattr(row, name)
        after = subject.without_json(before)
        if isinstance(after, str):
            after = after[: getattr(row._meta.get_field(name), "max_length", None)]
        if after != before:
            setattr(row, name, after)
            changed.add(name)
    return changed


def facts_about(subject: Subject) -> Q:
    """Facts that name the person by the key: as actor, owner, or contact person."""
    if subject.is_user:
        return Q(actor=subject.key) | Q(kind=Kind.OWNER, value=subject.key)
    customer = subject.row.customer_id if isinstance(subject.row, Contact) else None
    named = (Kind.CONTACT, Kind.CONTACT_LEFT)
    return Q(kind__in=named, value=subject.key, deal__customer=customer)


def ids_about(subject: Subject, place: Place) -> list[Any]:
    """Ids of all rows about the person: that name the person, or point to the person's row.

    Each row is looked at: one in which a name is but a part of another person's is not meant.
    """
    naming = rows_that_name(subject, place).iterator(AT_ONCE)
    found = {row.pk for row in naming if rewritten(subject, place, row)}
    pointing = _rows(place).filter(_pointing(subject, place)).values_list("pk", flat=True)
    return sorted(found | set(pointing))


def _pointing(subject: Subject, place: Place) -> Q:
    about = Q(pk__in=())
    if isinstance(subject.row, place.model):
        about |= Q(pk=subject.row.pk)
    for field in place.model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and isinstance(subject.row, field.related_model):
            about |= Q(**{field.name: subject.row.pk})
    if place.model is Event:
        about |= facts_about(subject)
    if place.model is AuditEntry:
        own = {"object_type": subject.row._meta.label_lower, "object_id": str(subject.row.pk)}
        about |= Q(**own)
    return about
