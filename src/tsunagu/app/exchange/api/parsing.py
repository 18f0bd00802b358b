"""Reads bodies: JSON that every database can keep, or a refusal."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from tsunagu.app.exchange.api.problems import ProblemError

_SUSPECT = re.compile(rb"\\u(0000|[dD][89abAB])|\x00")
"""How characters are written that may be none: NUL, and halves of pairs."""


class StrictParser(Parser):
    """Refuses numbers that are none, NUL, and halves of characters."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's content."""
        return read_json(request.body)


def read_json(body: bytes) -> Any:
    """The content of a JSON text.

    Raises:
        ProblemError: it is none, or holds what cannot be kept.
    """
    try:
        content = json.loads(body, parse_constant=_refuse)
        if _SUSPECT.search(body):
            _see_that_it_can_be_kept(content)
    except (ValueError, RecursionError) as error:
        raise ProblemError("malformed", _("The body is no JSON that can be read.")) from error
    return content


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _see_that_it_can_be_kept(content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False)
    text.encode()  # half a pair cannot be
    if "\\u0000" in text:
        raise ValueError("NUL")
