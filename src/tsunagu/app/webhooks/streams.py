"""Which rows are told of, and what a message says about them.

A message says what happened to which deal, and where to read more; texts that people wrote and
names of contact persons stay here. What an import brought is history and is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Max, Model, QuerySet
from django.urls import reverse

from tsunagu.app.deals.models import ACTIVITY_KINDS, Deal, Event, Kind
from tsunagu.app.interruptions.models import Decision, Reply, Signal
from tsunagu.app.webhooks.models import Topic

Row = dict[str, Any]

PRIVATE_KINDS = frozenset({Kind.CONTACT, Kind.CONTACT_LEFT})
"""Kinds whose value is a contact person's name."""


@dataclass(frozen=True)
class Message:
    """What is told of the row ``row``: its topic and the body."""

    row: int
    topic: Topic
    body: dict[str, Any]


@dataclass(frozen=True)
class Stream:
    """A table of facts that only grows.

    ``deal`` is the way from a row to its deal; ``at`` the instant that it tells; ``columns`` are
    what the body's ``data`` holds, by name; ``topic`` says what the row is about.
    """

    name: str
    model: type[Model]
    deal: str
    at: str
    columns: dict[str, str]
    topic: Callable[[Row], Topic]
    told: dict[str, Any]

    def last(self) -> int:
        """The highest number so far."""
        found = self.model._default_manager.aggregate(last=Max("pk"))["last"]
        return int(found or 0)

    def after(self, pk: int, most: int) -> list[Row]:
        """The ``most`` rows after ``pk``, told of or not, each as its columns."""
        return list(self._rows().filter(pk__gt=pk).order_by("pk")[:most])

    def messages(self, rows: list[Row]) -> Iterator[Message]:
        """What is told of ``rows``."""
        for row in rows:
            if all(row[column] == value for column, value in self.told.items()):
                yield Message(row["pk"], self.topic(row), self._body(row))

    def _rows(self) -> QuerySet[Any, Row]:
        named = {f"data_{name}": F(column) for name, column in self.columns.items()}
        deal = {f"of_{name}": F(self.deal + column) for name, column in _DEAL.items()}
        rows = self.model._default_manager.annotate(**named, **deal, happened=F(self.at))
        return rows.values("pk", "happened", *named, *deal, *self.told)

    def _body(self, row: Row) -> dict[str, Any]:
        data = {name: row[f"data_{name}"] for name in self.columns}
        if data.get("kind") in PRIVATE_KINDS:
            data.pop("value")
        return {
            "type": str(self.topic(row)),
            "timestamp": row["happened"].isoformat(),
            "data": {"deal": _deal(row)} | {k: _plain(v) for k, v in data.items()},
        }


_DEAL = {
    "pk": "pk",
    "id": "external_id",
    "title": "title",
    "customer": "customer__name",
    "owner": "owner__external_id",
    "stage": "stage__key",
}


def _deal(row: Row) -> dict[str, Any]:
    said = {name: row[f"of_{name}"] for name in _DEAL if name != "pk"}
    return said | {"url": settings.URL + reverse("deals:detail", args=[row["of_pk"]])}


def _plain(value: Any) -> Any:
    """Money as text: no digit is lost on the way."""
    return value if value is None or isinstance(value, str | int | float | list) else str(value)


def _fact_topic(row: Row) -> Topic:
    kind = row["data_kind"]
    if kind in ACTIVITY_KINDS or kind == Kind.NOTE:
        return Topic.ACTIVITY
    return {Kind.STAGE: Topic.DEAL_STAGE, Kind.OUTCOME: Topic.DEAL_ENDED}.get(
        kind, Topic.DEAL_CHANGED
    )


STREAMS = (
    Stream(
        "deals",
        Deal,
        "",
        "created_at",
        {"amount": "amount"},
        lambda _: Topic.DEAL_CREATED,
        {"source": None},
    ),
    Stream(
        "facts",
        Event,
        "deal__",
        "at",
        {
            "kind": "kind",
            "value": "value",
            "amount": "amount",
            "actor": "actor",
            "direction": "direction",
        },
        _fact_topic,
        {"source": None},
    ),
    Stream(
        "decisions",
        Decision,
        "case__deal__",
        "at",
        {"case": "case_id", "step": "step", "state": "case__state", "causes": "causes"},
        lambda _: Topic.CASE,
        {},
    ),
    Stream(
        "signals",
        Signal,
        "deal__",
        "found_at",
        {"case": "case_id", "kind": "kind", "strength": "strength", "ja": "ja", "en": "en"},
        lambda _: Topic.SIGNAL,
        {},
    ),
    Stream(
        "replies",
        Reply,
        "inquiry__case__deal__",
        "at",
        {"case": "inquiry__case_id", "choices": "choices"},
        lambda _: Topic.REPLY,
        {},
    ),
)
