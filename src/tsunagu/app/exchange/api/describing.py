"""The API's own description: OpenAPI 3.1, and the words of its page."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import get_language, gettext
from ninja import NinjaAPI

from tsunagu.app.exchange.api import examples
from tsunagu.app.exchange.api.examples import REF
from tsunagu.app.exchange.api.idempotency import HEADER
from tsunagu.app.exchange.api.problems import MEDIA_TYPE, Problem
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group, known


def describe(api: NinjaAPI) -> dict[str, Any]:
    """The whole description in the reader's language, as it is served; made once a language."""
    return _described(api, get_language() or "")


@cache
def _described(api: NinjaAPI, language: str) -> dict[str, Any]:
    schema: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1"))
    problem = Problem.model_json_schema(ref_template=REF + "{model}")
    schema["components"]["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    schema["components"]["securitySchemes"] = _security()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            operations[method] = _complete(api, path, method, operation)
    plain: dict[str, Any] = json.loads(json.dumps(schema, cls=DjangoJSONEncoder))
    return plain  # words that were lazy speak the reader's language from here on


def _complete(api: NinjaAPI, path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """What all operations have in common."""
    scope = _group_of(api, operation["operationId"])
    wanted = scope.read if method == "get" else scope.write
    parameters = [*operation["parameters"], *_headers(method, operation)]
    responses = {str(status): examples.shown(s) for status, s in operation["responses"].items()}
    problem = {"schema": {"$ref": f"{REF}Problem"}}
    said = {"description": "A problem (RFC 9457)", "content": {MEDIA_TYPE: problem}}
    completed = {
        **operation,
        "summary": gettext(operation["summary"]),
        "parameters": parameters,
        "responses": {**responses, "default": examples.shown(said)},
        "security": [{"Token": []}, {"OAuth2": [wanted]}, {"Browser": []}],
        "x-scope": wanted,
    }
    if "requestBody" in operation:
        completed["requestBody"] = examples.shown(operation["requestBody"])
    return completed


def _headers(method: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    if method == "post":
        return [_header(HEADER, "The same key within 24 hours: the call acts once.", 200)]
    if method in {"patch", "delete", "put"}:
        return [_header("If-Match", "The ETag of what is changed, or `*`.", required=True)]
    names = {"in": "query", "name": "fields", "schema": {"type": "string", "maxLength": 1000}}
    names["description"] = "Only these fields, with commas between; `id` always comes."
    return [names, _header("If-None-Match", "The ETag that is known: 304 where it still stands.")]


def _header(
    name: str, description: str, longest: int = 1000, *, required: bool = False
) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": longest}
    return {
        "in": "header",
        "name": name,
        "required": required,
        "schema": schema,
        "description": description,
    }


def _security() -> dict[str, Any]:
    flow = {
        "authorizationUrl": "/oauth/authorize/",
        "tokenUrl": "/oauth/token/",
        "refreshUrl": "/oauth/token/",
        "scopes": {scope: str(words) for scope, words in known().items()},
    }
    return {
        "Token": {"type": "http", "scheme": "bearer", "description": "A personal token."},
        "OAuth2": {"type": "oauth2", "flows": {"authorizationCode": flow}},
        "Browser": {"type": "apiKey", "in": "cookie", "name": "tsunagu"},
    }


@cache
def _groups(api: NinjaAPI) -> dict[str, Group]:
    return {
        str(operation.operation_id): router.template.group
        for router in api._get_bound_routers()
        if isinstance(router.template, Routes)
        for view in router.path_operations.values()
        for operation in view.operations
    }


def _group_of(api: NinjaAPI, operation_id: str) -> Group:
    return _groups(api)[operation_id]
