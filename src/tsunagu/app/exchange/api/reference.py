"""The documentation page: the API's own description, by noun, as a template draws it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import gettext

from tsunagu.app.exchange.api import urls
from tsunagu.app.exchange.api.describing import describe
from tsunagu.app.exchange.api.problems import TITLES
from tsunagu.app.exchange.api.scopes import known

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation, in words."""

    name: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: list[dict[str, Any]]
    example: str
    answer: str


@dataclass(frozen=True)
class Chapter:
    """The operations on one noun."""

    name: str
    operations: list[Operation]


@dataclass(frozen=True)
class Reference:
    """All chapters, scopes, and kinds of problems."""

    chapters: list[Chapter]
    scopes: dict[str, str]
    problems: list[tuple[str, int, str]]
    standard: str = "OpenAPI 3.1"
    first_call: str = 'curl -H "Authorization: Bearer tsu_…" '


def of_the_api() -> Reference:
    """The page's content in the reader's language."""
    schema = describe(urls.api)
    found = list(_operations(schema))
    chapters = [
        Chapter(gettext(tag), [operation for _tag, operation in group])
        for tag, group in groupby(found, key=lambda pair: pair[0])
    ]
    problems = [(kind, status, str(title)) for kind, (status, title) in TITLES.items()]
    return Reference(chapters, {k: str(v) for k, v in known().items()}, problems)


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    pairs = [
        (operation["tags"][0], _operation(path, method, operation))
        for path, operations in schema["paths"].items()
        for method in METHODS
        if (operation := operations.get(method))
    ]
    order = list(dict.fromkeys(tag for tag, _operation in pairs))
    yield from sorted(pairs, key=lambda pair: order.index(pair[0]))


def _operation(path: str, method: str, described: dict[str, Any]) -> Operation:
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = described["responses"]
    status = next(iter(answers))
    content = answers[status].get("content", {}).get("application/json", {})
    return Operation(
        name=described["operationId"],
        method=method.upper(),
        path=path,
        summary=described["summary"],
        scope=described["x-scope"],
        parameters=[p for p in described["parameters"] if p["in"] == "query"],
        example=_written(body.get("example")),
        answer=f"{status} {_written(content.get('example'))}".strip(),
    )


def _written(example: Any) -> str:
    return "" if example is None else json.dumps(example, ensure_ascii=False, indent=2)
