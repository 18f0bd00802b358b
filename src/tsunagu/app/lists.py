"""What every list page does alike: order, page, and answer htmx with the changed part only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import F, Model, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 80


def ordering(sort: str, fields: Mapping[str, str], default: str) -> list[OrderBy]:
    """The order that ``sort`` asks for: a key of ``fields``, with ``-`` before it to descend.

    Empty values come last both ways, on every database; equal ones keep the order of their ids.
    """
    wanted = sort if sort.removeprefix("-") in fields else default
    column = F(fields[wanted.removeprefix("-")])
    if wanted.startswith("-"):
        return [column.desc(nulls_last=True), F("pk").desc()]
    return [column.asc(nulls_last=True), F("pk").asc()]


def search_text(query: QueryDict) -> str:
    """What was typed into the list's search field."""
    return plain_text(query.get("q", ""), 100)


def plain_text(typed: str, longest: int = 200) -> str:
    """What was typed, as it can be looked for; PostgreSQL knows no NUL in a text."""
    return typed.replace("\x00", "").strip()[:longest]


def names_of(rows: QuerySet[Row]) -> QuerySet[Row, tuple[int, str]]:
    """Keys and names of ``rows``, which a select offers."""
    return rows.values_list("pk", "name")


def page_of(rows: QuerySet[Row], number: str | None, size: int = PAGE_SIZE) -> Page[Row]:
    """Page ``number`` of ``rows``, ``size`` a page; the nearest there is, for any text."""
    return Paginator(rows, size).get_page(number)


def render_list(
    request: HttpRequest, page: str, part: str, context: Mapping[str, Any]
) -> HttpResponse:
    """The whole ``page``, or only its ``part`` where htmx asks for it."""
    response = render(request, part if wants_part(request) else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, and so for a part of the page."""
    return bool(
        request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    )
