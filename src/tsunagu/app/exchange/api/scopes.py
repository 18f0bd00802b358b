"""What a token or an app may do: read or write, for each group of nouns."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Group(TextChoices):
    """Nouns that are allowed together."""

    DEALS = "deals", _("Deals, activities, processes, risks")
    CUSTOMERS = "customers", _("Customers and contact persons")
    CASES = "cases", _("Interruptions, mails, files, playbooks, reviews")
    PEOPLE = "people", _("People, teams, targets")
    WEBHOOKS = "webhooks", _("Webhooks")
    IMPORTS = "imports", _("Imports and many rows at once")

    @property
    def read(self) -> str:
        """The scope to read."""
        return f"{self.value}:read"

    @property
    def write(self) -> str:
        """The scope to write, which is also one to read."""
        return f"{self.value}:write"


def known() -> dict[str, str | Promise]:
    """Every scope with its words."""
    words: dict[str, str | Promise] = {}
    for group in Group:
        words[group.read] = _("{what}: read").format(what=group.label)
        words[group.write] = _("{what}: read and change").format(what=group.label)
    return words


def allows(scopes: Iterable[str], group: Group, *, writes: bool) -> bool:
    """Whether one of ``scopes`` is enough."""
    enough = {group.write} if writes else {group.read, group.write}
    return not enough.isdisjoint(scopes)
