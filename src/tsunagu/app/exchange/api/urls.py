"""Addresses under ``/api/v1/``, and the door that every call of them goes through."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from tsunagu.app.exchange.api import (
    activities,
    advice,
    attachments,
    bulk,
    cases,
    checkpoints,
    comments,
    customers,
    deals,
    imports,
    inquiries,
    limits,
    mails,
    notices,
    outlook,
    people,
    playbooks,
    problems,
    processes,
    reviews,
    risks,
    thresholds,
    views,
    webhooks,
)
from tsunagu.app.exchange.api.describing import describe
from tsunagu.app.exchange.api.limits import Allowance
from tsunagu.app.exchange.api.parsing import StrictParser
from tsunagu.app.exchange.api.problems import ProblemError, not_found

api = NinjaAPI(
    title="Tsunagu",
    version="1",
    description="Tsunagu for other programs: what its pages show and do.",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    parser=StrictParser(),
)
problems.handle(api)
NOUNS = (
    deals,
    activities,
    checkpoints,
    risks,
    processes,
    customers,
    cases,
    inquiries,
    mails,
    playbooks,
    comments,
    attachments,
    advice,
    notices,
    reviews,
    thresholds,
    people,
    outlook,
    webhooks,
    imports,
    bulk,
)
for noun in NOUNS:
    api.add_router("", noun.routes)


def door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What every call has: no log-in page, problems for the wrong method, limits told."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def call(request: HttpRequest, **values: Any) -> HttpResponse:
        response = view(request, **values)
        if response.status_code == 405:
            response = _wrong_method(response)
        response = _counted(request, response)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers["Content-Language"] = translation.get_language()
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Language"])
        return response

    return call


def _counted(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Whoever was let in was counted then; the others are by their address."""
    left: Allowance | None = getattr(request, "allowance", None)
    if left is None:
        left = limits.count_address(request)
        if left.remaining < 0:
            response = problems.answer(limits.exceeded(left))
    left.put_on(response)
    return response


def _wrong_method(response: HttpResponse) -> HttpResponse:
    allowed = {"Allow": response.headers["Allow"]}
    words = _("Here can be used: {methods}.").format(methods=allowed["Allow"])
    return problems.answer(ProblemError("method", words, headers=allowed))


def openapi(request: HttpRequest) -> HttpResponse:
    """The description, in the reader's language."""
    body = json.dumps(describe(api), ensure_ascii=False)
    return HttpResponse(body, content_type="application/json")


def missing(request: HttpRequest) -> HttpResponse:
    """No operation has this address."""
    return problems.answer(not_found())


def _operations() -> list[URLPattern]:
    patterns = [p for p in api.urls[0] if isinstance(p, URLPattern) and p.name != "api-root"]
    for pattern in patterns:
        pattern.callback = door(pattern.callback)
    return patterns


app_name = "api"
urlpatterns = [
    path("openapi.json", door(openapi), name="openapi"),
    path("docs/", views.docs, name="docs"),
    *_operations(),
    re_path(r"^", door(missing), name="missing"),
]
