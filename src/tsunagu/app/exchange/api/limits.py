"""How often a token, or an address without one, may call: windows of a minute in the shared cache.

Two workers that count at the same instant may count one call for both: the limit guards the
server from a program that runs wild, it is not an account of calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from allauth.core.internal.ratelimit import get_ip
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tsunagu.app.exchange.api.problems import ProblemError, answer

WINDOW = 60


@dataclass(frozen=True)
class Allowance:
    """What of the limit is left; ``reset`` in seconds from now."""

    limit: int
    remaining: int
    reset: int

    def put_on(self, response: HttpResponse) -> None:
        """Tell the caller."""
        response.headers["RateLimit-Limit"] = str(self.limit)
        response.headers["RateLimit-Remaining"] = str(max(0, self.remaining))
        response.headers["RateLimit-Reset"] = str(self.reset)


def count(who: str, limit: int) -> Allowance:
    """Count a call of ``who``, who has ``limit`` a minute; what is left may be below 0."""
    now = time.time()
    key = f"api-limit:{who}"
    begun, calls = cache.get(key) or (now, 0)
    if now - begun >= WINDOW:
        begun, calls = now, 0
    reset = max(1, round(begun + WINDOW - now))
    cache.set(key, (begun, calls + 1), reset)
    return Allowance(limit, limit - calls - 1, reset)


def count_known(who: str) -> Allowance:
    """Count a call of a token, an app or a person."""
    return count(who, settings.API_CALLS_A_MINUTE)


def count_address(request: HttpRequest) -> Allowance:
    """Count a call of nobody known: by the address that attempts to log in are counted by."""
    return count(f"address:{get_ip(request)}", settings.API_ANONYMOUS_CALLS_A_MINUTE)


def by_address(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let ``view`` be called so often only: it looks at secrets, which is meant to be slow."""

    @wraps(view)
    def call(request: HttpRequest, **values: Any) -> HttpResponse:
        left = count_address(request)
        response = answer(exceeded(left)) if left.remaining < 0 else view(request, **values)
        left.put_on(response)
        return response

    return call


def exceeded(left: Allowance) -> ProblemError:
    """The limit is used up."""
    words = _("The limit of {limit} calls a minute is used up. Wait {seconds} seconds.")
    return ProblemError(
        "too-many",
        words.format(limit=left.limit, seconds=left.reset),
        headers={"Retry-After": str(left.reset)},
    )
