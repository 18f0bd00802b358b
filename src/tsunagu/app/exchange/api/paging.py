"""Lists in pages: each begins after the last row of the one before, by the order's own values.

New rows move nothing, and the thousandth page costs what the first does: what stands after a row
is a range of an index. Empty values come last both ways; they are a range of their own.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field as Column
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field

from tsunagu.app.exchange.api.nouns import LARGEST_ID
from tsunagu.app.exchange.api.problems import ProblemError, wrong

Row = TypeVar("Row", bound=Model)


class Paged(BaseModel):
    """What every list can be asked for."""

    model_config = ConfigDict(extra="ignore")

    limit: int = Field(default=50, ge=1, le=200, description="Rows a page.")
    cursor: str = Field(
        default="", max_length=1_000, description="Where to go on: `next` of the page before."
    )


class PagedText(Paged):
    """A list that can be searched."""

    q: str = Field(default="", max_length=100, description="A part of the name.")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows, and the cursor of what follows; None at the end."""

    rows: list[Row]
    next: str | None


@dataclass(frozen=True)
class Order:
    """Rows by ``column``, equal ones by id."""

    name: str
    column: str
    field: Column[Any, Any]
    descending: bool

    @property
    def names(self) -> list[str]:
        """As the database takes it."""
        mark = "-" if self.descending else ""
        return [f"{mark}pk"] if self.column == "pk" else [f"{mark}{self.column}", f"{mark}pk"]


@dataclass(frozen=True)
class Place:
    """The row after which a page begins."""

    value: Any
    pk: int


def page(
    rows: QuerySet[Row],
    wanted: Paged,
    *,
    sort: str = "id",
    columns: Mapping[str, str] | None = None,
) -> Page[Row]:
    """The page that was asked for.

    Args:
        sort: a key of ``columns`` or ``id``, with ``-`` before it to descend.

    Raises:
        ProblemError: the cursor is of another list or order.
    """
    order = _order(rows, sort, columns or {})
    after = _read(wanted.cursor, order)
    found = _rows_after(rows, order, after, wanted.limit + 1)
    more = len(found) > wanted.limit
    kept = found[: wanted.limit]
    return Page(kept, _written(kept[-1], order) if more else None)


def _order(rows: QuerySet[Row], sort: str, columns: Mapping[str, str]) -> Order:
    column = columns.get(sort.removeprefix("-"), "pk")
    meta = rows.model._meta
    field = meta.pk if column == "pk" else meta.get_field(column)
    assert isinstance(field, Column)  # noqa: S101  # tells the type checker
    return Order(sort, column, field, sort.startswith("-"))


def _rows_after(rows: QuerySet[Row], order: Order, after: Place | None, size: int) -> list[Row]:
    found: list[Row] = []
    among_empty = after is not None and after.value is None
    if not among_empty:
        known = rows.filter(**{f"{order.column}__isnull": False}) if order.field.null else rows
        found = list(known.filter(_beyond(order, after)).order_by(*order.names)[:size])
    if order.field.null and len(found) < size:
        empty = rows.filter(**{f"{order.column}__isnull": True})
        past = _by_id(order, after) if after and among_empty else Q()
        found += empty.filter(past).order_by(order.names[-1])[: size - len(found)]
    return found


def _beyond(order: Order, after: Place | None) -> Q:
    if after is None:
        return Q()
    if order.column == "pk":
        return _by_id(order, after)
    beyond = "lt" if order.descending else "gt"
    edge = Q(**{f"{order.column}__{beyond}e": after.value})
    return edge & (Q(**{f"{order.column}__{beyond}": after.value}) | _by_id(order, after))


def _by_id(order: Order, after: Place) -> Q:
    return Q(pk__lt=after.pk) if order.descending else Q(pk__gt=after.pk)


def _written(row: Model, order: Order) -> str:
    content = [order.name, getattr(row, order.field.attname), row.pk]
    return urlsafe_b64encode(json.dumps(content, cls=DjangoExactEncoder).encode()).decode()


class DjangoExactEncoder(DjangoJSONEncoder):
    """Keeps the microseconds of moments, which Django's own cuts to thousandths."""

    def default(self, o: Any) -> Any:
        """Moments and days in full."""
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def _read(cursor: str, order: Order) -> Place | None:
    if not cursor:
        return None
    try:
        name, value, pk = json.loads(urlsafe_b64decode(cursor.encode()))
        if name != order.name or type(pk) is not int or not 0 < pk <= LARGEST_ID:
            raise _foreign()
        return Place(None if value is None else order.field.to_python(value), pk)
    except (NotBase64Error, ValueError, TypeError, ValidationError) as error:
        raise _foreign() from error


def _foreign() -> ProblemError:
    return wrong("cursor", _("This cursor belongs to another list. Begin without one."))
