"""The documentation page: the API's own description, by noun, as a template draws it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import gettext

from tsunagu.app.exchange.api import urls
from tsunagu.app.exchange.api.describing import REF, describe
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
        (operation["tags"][0], _operation(schema, path, method, operation))
        for path, operations in schema["paths"].items()
        for method in METHODS
        if (operation := operations.get(method))
    ]
    order = list(dict.fromkeys(tag for tag, _operation in pairs))
    yield from sorted(pairs, key=lambda pair: order.index(pair[0]))


def _operation(
    schema: dict[str, Any], path: str, method: str, described: dict[str, Any]
) -> Operation:
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
        example=_written(body.get("example") or _example(schema, body.get("schema"))),
        answer=f"{status} {_written(_example(schema, content.get('schema')))}".strip(),
    )


def _written(example: Any) -> str:
    return "" if example is None else json.dumps(example, ensure_ascii=False, indent=2)


def _example(schema: dict[str, Any], described: dict[str, Any] | None, depth: int = 0) -> Any:
    """A value as ``described``: its own example, or one made of its parts."""
    if described is None or depth > 4:
        return None
    if reference := described.get("$ref"):
        inner = schema["components"]["schemas"][reference.removeprefix(REF)]
        return _example(schema, inner, depth)
    if examples := described.get("examples"):
        return examples[0]
    if choices := described.get("anyOf"):
        return _example(schema, choices[0], depth)
    return _of_type(schema, described, depth)


def _of_type(schema: dict[str, Any], described: dict[str, Any], depth: int) -> Any:
    if described.get("type") == "object":
        parts = described.get("properties", {})
        return {name: _example(schema, part, depth + 1) for name, part in parts.items()}
    if described.get("type") == "array":
        return [_example(schema, described.get("items"), depth + 1)]
    if "enum" in described or "const" in described:
        return described.get("const", described.get("enum", [None])[0])
    return _PLAIN.get(described.get("format", ""), _PLAIN.get(described.get("type", "")))


_PLAIN: dict[str, Any] = {
    "date": "2026-11-28",
    "date-time": "2026-11-28T09:30:00+09:00",
    "integer": 1,
    "number": 0.5,
    "boolean": False,
    "string": "",
}
