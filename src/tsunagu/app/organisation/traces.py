"""Where a person stands in the database: in which columns of which rows of every table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
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

SECRET = frozenset({"password"})
"""Columns that neither leave the house nor name anybody."""

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
    # The plain query set: append-only models' own refuses what erasure must do.
    rows: QuerySet[Model] = QuerySet(place.model)
    seen = Q()
    for name in place.texts:
        for word in subject.spellings:
            seen |= Q(**{f"{name}__icontains": word})
    for name in place.jsons:
        rows = rows.alias(**{f"{name}_text": Cast(name, TextField())})
        for word in subject.spellings:
            # SQLite keeps JSON with escapes, PostgreSQL without.
            for written in {word, json.dumps(word)[1:-1]}:
                seen |= Q(**{f"{name}_text__icontains": written})
    if place.model in PEOPLE:
        rows = (
            rows.filter(pk=subject.row.pk) if isinstance(subject.row, place.model) else rows.none()
        )
    return rows.filter(seen) if seen else rows.none()


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
    return Q(kind=Kind.CONTACT, value=subject.key, deal__customer=customer)


def rows_about(subject: Subject, place: Place) -> QuerySet[Model]:
    """All rows about the person: that name the person, and that point to the person's row."""
    rows = rows_that_name(subject, place)
    about = Q(pk__in=rows.values("pk"))
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
    return QuerySet(place.model).filter(about).order_by("pk")
