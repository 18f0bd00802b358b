"""Who is named with ``@`` in a text, and who can be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tsunagu.app.deals.models import Deal
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import people_who_see

SUGGESTED = 8
MOST = 20
"""Mentions in one text."""

_SIGN = re.compile(r"(?<![A-Za-z0-9._%+-])[@＠](?=\S)")


def suggested(user: User, deal: Deal, typed: str) -> QuerySet[User]:
    """People who may see ``deal`` and whose name holds what was ``typed``, without ``user``."""
    found = people_who_see(deal).exclude(pk=user.pk).select_related("team")
    return found.filter(name__icontains=typed).order_by("name", "pk")[:SUGGESTED]


def mentioned(deal: Deal, text: str) -> list[User]:
    """Whom ``text`` names by their whole name; namesakes who may see the deal are all meant.

    Raises:
        ValidationError: somebody who is named may not see the deal.
    """
    named = _named(text)
    if not named:
        return []
    people = {user for users in named.values() for user in users}
    seeing = set(people_who_see(deal).filter(pk__in=[user.pk for user in people]))
    blind = [name for name, users in named.items() if not seeing & set(users)]
    if blind:
        raise ValidationError(
            _("%(names)s may not see this case and cannot be mentioned.")
            % {"names": ", ".join(blind)}
        )
    return sorted(seeing, key=lambda user: user.pk)


def _named(text: str) -> dict[str, list[User]]:
    """The active people of each name that stands after an ``@``: the longest name counts."""
    rests = [text[sign.end() :] for sign in _SIGN.finditer(text)][:MOST]
    if not rests:
        return {}
    begins = reduce(or_, (Q(name__istartswith=rest[0]) for rest in rests))
    users = list(User.objects.filter(begins, is_active=True))
    found: dict[str, list[User]] = {}
    for rest in rests:
        fitting = [user for user in users if _pattern(user.name).match(rest)]
        name = max((user.name for user in fitting), key=len, default="")
        if name:
            found[name] = [user for user in fitting if user.name == name]
    return found


def signs(people: Iterable[User]) -> re.Pattern[str] | None:
    """Matches each mention of one of ``people``; None for nobody."""
    names = sorted((user.name for user in people), key=len, reverse=True)
    parts = "|".join(_pattern(name).pattern for name in names)
    return re.compile(f"({_SIGN.pattern}(?:{parts}))", re.IGNORECASE) if parts else None


def _pattern(name: str) -> re.Pattern[str]:
    """The name with or without a space in it, and not as the beginning of another word."""
    words = "[ \u3000]?".join(re.escape(part) for part in name.split())
    end = "(?![A-Za-z0-9])" if name[-1:].isascii() else ""
    return re.compile(words + end, re.IGNORECASE)
