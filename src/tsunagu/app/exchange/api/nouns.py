"""What the descriptions of all nouns share."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tsunagu.app.exchange.api.auth import Caller
from tsunagu.app.exchange.api.problems import not_found, wrong
from tsunagu.app.people.models import User

LARGEST_ID = 2**63 - 1

Key = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""The id of a row, in a body or a query."""

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
"""The id in an address."""

Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2, examples=["1200000"])]
Moment = Annotated[
    AwareDatetime,
    Field(examples=["2026-11-27T09:30:00+09:00"], json_schema_extra={"format": "date-time"}),
]
Text = Annotated[str, Field(max_length=2_000)]

Row = TypeVar("Row", bound=Model)


def _only_the_id_is_sure(schema: dict[str, Any]) -> None:
    """Whoever asks for some fields only gets those, and the id."""
    schema["required"] = ["id"]


class Noun(BaseModel):
    """A row as it is sent."""

    model_config = ConfigDict(json_schema_extra=_only_the_id_is_sure)

    id: int = Field(examples=[42])

    @classmethod
    def of(cls, row: Any) -> Self:
        """``row``, fetched with what it names, as it is sent."""
        raise NotImplementedError

    @property
    def etag(self) -> str:
        """Names this state of the row."""
        return etag_of(self.model_dump(mode="json"))


class Said(BaseModel):
    """What a caller sends; fields that there are not are refused."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """The fields that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Named(BaseModel):
    """A row that another one names."""

    id: int = Field(examples=[7])
    name: str = Field(examples=["Aoba Trading"])


class Note(Said):
    """A few words."""

    text: Text = Field(default="", examples=["Confirmed by telephone"])


class Reason(Said):
    """Why."""

    reason: Text = Field(min_length=1, examples=["The budget was put off to the next term"])


def named(row: Any) -> Named | None:
    """``row`` by id and name, if there is one."""
    return None if row is None else Named(id=row.pk, name=str(row))


def name_of(row: Any) -> Named:
    """``row`` by id and name."""
    return Named(id=row.pk, name=str(row))


def etag_of(content: Any) -> str:
    """Names what is sent by its content."""
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return f'"{hashlib.sha256(plain.encode()).hexdigest()[:32]}"'


def caller_of(request: HttpRequest) -> Caller:
    """Who calls; every operation asks for it."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller


def user_of(request: HttpRequest) -> User:
    """The person for whom the call is made."""
    return caller_of(request).user


def one_of(rows: QuerySet[Row], pk: int) -> Row:
    """The row of that id among those that the caller may see.

    Raises:
        ProblemError: there is none (404).
    """
    found = rows.filter(pk=pk).first()
    if found is None:
        raise not_found()
    return found


def narrowed(rows: QuerySet[Row], **conditions: Any) -> QuerySet[Row]:
    """``rows`` by the conditions that were given; None says nothing."""
    return rows.filter(**{name: v for name, v in conditions.items() if v is not None})


def locked(rows: QuerySet[Row]) -> QuerySet[Row]:
    """``rows`` so that nobody else changes them until the call ends."""
    return rows.select_for_update(of=("self",), no_key=True)


def chosen(rows: QuerySet[Row], pk: int, field: str) -> Row:
    """The row that a body names in ``field``.

    Raises:
        ProblemError: there is none, or not for this caller (422).
    """
    found = rows.filter(pk=pk).first()
    if found is None:
        raise wrong(field, _("There is no such row, or it is not for you to choose."))
    return found
