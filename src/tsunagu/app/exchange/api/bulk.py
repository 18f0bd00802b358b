"""Many rows at once, by their external ids: made where they are new, changed where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.exchange import direct
from tsunagu.app.exchange.api import answers
from tsunagu.app.exchange.api.nouns import caller_of
from tsunagu.app.exchange.api.parsing import read_json
from tsunagu.app.exchange.api.problems import ProblemError, wrong
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.exchange.direct import MOST_ROWS, Delivery, RejectedError
from tsunagu.app.exchange.fields import FIELDS
from tsunagu.app.exchange.models import FileKind
from tsunagu.app.exchange.reading import RowProblem
from tsunagu.app.exchange.wording import words_of

routes = Routes(Group.IMPORTS, gettext_noop("Many rows at once"))

LINES = "application/x-ndjson"
Rows = list[dict[str, Any]]


class Wanted(BaseModel):
    """How the rows are to be taken."""

    all_or_nothing: bool = Field(
        default=False, description="One row that cannot be taken stops all of them."
    )
    create_missing: bool = Field(
        default=False, description="Make people (without a log-in) and stages that rows name."
    )


class RejectedRow(BaseModel):
    """Why a row was left out, as imports say it."""

    index: int = Field(description="The row's place, counted from 0.", examples=[3])
    column: str = Field(examples=["at"])
    value: str = Field(examples=["tomorrow"])
    message: str = Field(examples=["this is not a date that is understood."])
    remedy: str


class Counted(BaseModel):
    """Rows by what became of them."""

    new: int
    changed: int
    unchanged: int
    rejected: int


class BulkOut(BaseModel):
    """What came of the rows; those that are not among the rejected were taken."""

    counts: Counted
    rejected: list[RejectedRow]
    import_id: int | None = Field(
        description="The import that they stand under, by which they can be undone."
    )


def _schema(kind: FileKind) -> dict[str, Any]:
    cell = {"type": ["string", "number", "boolean", "null"]}
    needed = [field.key for field in FIELDS[kind] if field.required and not field.instead]
    return {
        "title": kind.value,
        "type": "object",
        "properties": {field.key: {**cell, "description": field.label} for field in FIELDS[kind]},
        "required": needed,
        "additionalProperties": False,
    }


_EXAMPLE = [
    {"id": "V-1", "deal": "A-1001", "at": "2026-11-27T10:00:00+09:00", "type": "call",
     "direction": "both", "text": "Went through the quote"},
]  # fmt: skip


def _body() -> dict[str, Any]:
    rows = {"anyOf": [_schema(kind) for kind in FileKind]}
    listed = {"type": "array", "items": rows, "maxItems": MOST_ROWS}
    lines = {"type": "string", "description": "One JSON object a line."}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": listed, "example": _EXAMPLE},
            LINES: {"schema": lines, "example": json.dumps(_EXAMPLE[0], ensure_ascii=False)},
        },
    }


@routes.post(
    "/bulk/{kind}",
    response=BulkOut,
    summary=gettext_noop("Bring many rows"),
    openapi_extra={"requestBody": _body()},
)
def bring_rows(request: HttpRequest, kind: FileKind, wanted: Query[Wanted]) -> HttpResponse:
    rows = _rows(request)
    caller = caller_of(request)
    delivery = Delivery(
        kind=kind,
        name=f"API: {caller.token or caller.user}",
        size=len(request.body),
        columns=_columns(rows, kind),
        all_or_nothing=wanted.all_or_nothing,
        create_missing=wanted.create_missing,
    )
    try:
        brought = direct.bring(caller.user, delivery)
    except RejectedError as error:
        raise _none_taken(error) from error
    return answers.plain(
        {
            "counts": brought.counts.as_json(),
            "rejected": _rejected(brought.rejected),
            "import_id": brought.source.pk if brought.source else None,
        }
    )


def _none_taken(error: RejectedError) -> ProblemError:
    words = _("{count} rows cannot be taken, so none was.").format(count=len(error.rejected))
    return ProblemError("invalid", words, rejected=_rejected(error.rejected))


def _rejected(rejected: list[RowProblem]) -> list[dict[str, Any]]:
    return [
        {
            "index": each.row,
            "column": each.column,
            "value": each.value[:200],
            "message": words_of(each.message),
            "remedy": words_of(each.remedy),
        }
        for each in rejected
    ]


def _rows(request: HttpRequest) -> Rows:
    rows = list(_lines(request.body)) if request.content_type == LINES else _array(request.body)
    if not rows:
        raise ProblemError("malformed", _("There are no rows in the body."))
    if len(rows) > MOST_ROWS:
        raise ProblemError("too-large", _("Send at most {n} rows a call.").format(n=MOST_ROWS))
    if not all(isinstance(row, dict) for row in rows):
        raise ProblemError("malformed", _("Every row is an object of fields."))
    return rows


def _array(body: bytes) -> Rows:
    rows = read_json(body)
    if not isinstance(rows, list):
        raise ProblemError("malformed", _("Send an array of rows, or a row a line."))
    return rows


def _lines(body: bytes) -> Iterator[dict[str, Any]]:
    """All lines at once: read one by one they would take several times as long."""
    lines = [line for line in body.splitlines() if line.strip()]
    yield from _array(b"[" + b",".join(lines) + b"]")


def _columns(rows: Rows, kind: FileKind) -> dict[str, list[str | None]]:
    """The rows as columns of texts, in the order of the fields; strange ones last."""
    names = dict.fromkeys(name for row in rows for name in row)
    order = [field.key for field in FIELDS[kind]]
    known = [name for name in order if name in names]
    strange = [name for name in names if name not in order]
    return {name: [_text(row.get(name), name) for row in rows] for name in (*known, *strange)}


def _text(value: Any, name: str) -> str | None:
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    raise wrong(name, _("A field of a row is a text, a number, true, false or null."))
