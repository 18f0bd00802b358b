"""The lists that can be exported, as the applications declare them (``settings.EXPORTS``)."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.utils import translation
from django.utils.module_loading import import_string

from tsunagu.app.listing import Listed
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require


@cache
def every() -> dict[str, Listed]:
    """All lists by name."""
    found: list[Listed] = [import_string(name) for name in settings.EXPORTS]
    return {listed.name: listed for listed in found}


@cache
def headings() -> frozenset[tuple[str, ...]]:
    """The first row of every list's file, in every language: by it our own files are known."""
    found = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {tuple(listed.headings) for listed in every().values()}
    return frozenset(found)


def allowed(user: User, name: str) -> Listed:
    """The list of that name.

    Raises:
        Http404: there is none.
        PermissionDenied: ``user`` may not see it.
    """
    listed = every().get(name)
    if listed is None:
        raise Http404
    if listed.permission is not None:
        require(user, listed.permission)
    return listed


def rows(listed: Listed, user: User, query: str) -> QuerySet[Any, Any]:
    """What its page asked ``query`` shows to ``user``."""
    return listed.rows(user, QueryDict(query))
