"""How often a token may call: a fixed window of a minute, counted in the shared cache.

Two workers that count at the same instant may count one call for both: the limit guards the
server from a program that runs wild, it is not an account of calls.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.translation import gettext as _

from tsunagu.app.exchange.api.problems import ProblemError

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
        response.headers["RateLimit-Remaining"] = str(self.remaining)
        response.headers["RateLimit-Reset"] = str(self.reset)


def count(who: str) -> Allowance:
    """Count a call of ``who``; what is left may be below 0."""
    now = time.time()
    key = f"api-limit:{who}"
    begun, calls = cache.get(key) or (now, 0)
    if now - begun >= WINDOW:
        begun, calls = now, 0
    reset = max(1, round(begun + WINDOW - now))
    cache.set(key, (begun, calls + 1), reset)
    limit = settings.API_CALLS_A_MINUTE
    return Allowance(limit, limit - calls - 1, reset)


def exceeded(left: Allowance) -> ProblemError:
    """The limit is used up."""
    words = _("The limit of {limit} calls a minute is used up. Wait {seconds} seconds.")
    return ProblemError(
        "too-many",
        words.format(limit=left.limit, seconds=left.reset),
        headers={"Retry-After": str(left.reset)},
    )
