"""Entity tags: nothing is sent twice unchanged, and nobody overwrites what they never saw."""

from __future__ import annotations

import re

from django.http import HttpRequest
from django.utils.translation import gettext as _

from tsunagu.app.exchange.api.nouns import Noun
from tsunagu.app.exchange.api.problems import ProblemError


def knows_already(request: HttpRequest, tag: str) -> bool:
    """Whether the caller holds this very content (``If-None-Match``)."""
    return request.method in {"GET", "HEAD"} and _names(request.headers.get("If-None-Match"), tag)


def expect(request: HttpRequest, current: Noun) -> None:
    """See that the caller changes what it saw (``If-Match``); ``*`` changes whatever is there.

    Call it on a row that is locked until the change is written.

    Raises:
        ProblemError: the header is missing (428), or the row has changed since (412).
    """
    wanted = request.headers.get("If-Match")
    if wanted is None:
        raise ProblemError(
            "precondition",
            _("Send the ETag of what you read as If-Match, or * for any version."),
        )
    if not _names(wanted, current.etag):
        raise ProblemError(
            "changed",
            _("Somebody changed it since you read it. Read it again, then change it."),
            headers={"ETag": current.etag},
        )


def _names(header: str | None, tag: str) -> bool:
    if header is None:
        return False
    return header.strip() == "*" or tag in re.findall(r'"[^"]*"', header)
