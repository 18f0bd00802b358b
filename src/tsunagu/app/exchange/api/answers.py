"""How rows and pages are sent: the fields that were asked for, with their entity tag."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from tsunagu.app.exchange.api.conditional import knows_already
from tsunagu.app.exchange.api.nouns import Noun, etag_of
from tsunagu.app.exchange.api.paging import Page
from tsunagu.app.exchange.api.problems import wrong

Kind = TypeVar("Kind", bound=Noun)


class Listed(BaseModel, Generic[Kind]):
    """A page of a list."""

    items: list[Kind]
    next: str | None = Field(
        default=None,
        description="Send it as `cursor` for the next page; null on the last one.",
    )


def one(request: HttpRequest, noun: Noun, *, made_at: str = "") -> HttpResponse:
    """One row; ``made_at``: it was made by this call, and stands at that address."""
    body = noun.model_dump(mode="json")
    response = _tagged(request, etag_of(body), _only(body, _wanted(request, type(noun))))
    if made_at:
        response.status_code = 201
        response.headers["Location"] = made_at
    return response


def many(request: HttpRequest, kind: type[Kind], page: Page[Any]) -> HttpResponse:
    """A page of rows, each as its ``kind``."""
    wanted = _wanted(request, kind)
    items = [_only(kind.of(row).model_dump(mode="json"), wanted) for row in page.rows]
    content = {"items": items, "next": page.next}
    return _tagged(request, etag_of(content), content)


def nothing() -> HttpResponse:
    """It is done, and there is nothing to say."""
    return HttpResponse(status=204)


def plain(content: Any, status: int = 200) -> HttpResponse:
    """Something that is no row."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
    return HttpResponse(body, status=status, content_type="application/json")


def secret(content: Any) -> HttpResponse:
    """Something that nobody may keep, and we do not keep either."""
    response = plain(content)
    response.headers["Cache-Control"] = "no-store"
    return response


def _tagged(request: HttpRequest, tag: str, content: Any) -> HttpResponse:
    response = HttpResponse(status=304) if knows_already(request, tag) else plain(content)
    response.headers["ETag"] = tag
    return response


def _wanted(request: HttpRequest, kind: type[Noun]) -> Sequence[str] | None:
    """The names in ``?fields=``; None: all."""
    asked = request.GET.get("fields")
    if not asked:
        return None
    names = [name.strip() for name in asked.split(",")]
    for name in names:
        if name not in kind.model_fields:
            known = ", ".join(kind.model_fields)
            raise wrong(
                "fields", _("There is no such field; there are {names}.").format(names=known)
            )
    return ["id", *names]


def _only(body: dict[str, Any], wanted: Sequence[str] | None) -> dict[str, Any]:
    return body if wanted is None else {name: v for name, v in body.items() if name in wanted}
