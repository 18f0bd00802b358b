"""The main navigation, in the order of a day; entries appear once their page exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission


@dataclass(frozen=True)
class Entry:
    """One entry: the address's name, its words, its icon, and the permission it needs.

    ``counter`` names the address that says how much waits there; it is asked after the page.
    """

    name: str
    label: str | Promise
    icon: str
    permission: str | None = None
    counter: str | None = None

    @property
    def section(self) -> str:
        """The namespace that this entry stands for."""
        return self.name.partition(":")[0]


ENTRIES = (
    Entry("today:list", _("Today"), "sun"),
    Entry(
        "interruptions:list", _("Interruptions"), "plug-connected-x", counter="interruptions:count"
    ),
    Entry("deals:list", _("Deals"), "briefcase"),
    Entry("customers:list", _("Customers"), "building"),
    Entry("meetings:list", _("Meetings"), "messages"),
    Entry("outlook:show", _("Outlook"), "chart-line"),
    Entry("knowledge:list", _("Knowledge"), "bulb", counter="knowledge:count"),
    Entry("playbooks:list", _("Playbooks"), "list"),
    Entry("team:show", _("Team"), "users", "people.lead"),
    Entry("imports:list", _("Import"), "database-import", "exchange.run"),
    Entry("scoring:model", _("Risk model"), "target", "scoring.configure"),
    Entry("settings:show", _("Settings"), "settings"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context for every page: ``navigation``, as entries with their address and whether shown."""
    user = request.user if hasattr(request, "user") else None
    if not isinstance(user, User):
        return {"navigation": []}
    match = request.resolver_match
    here = match.namespace if match else ""
    return {"navigation": list(_shown(user, here))}


def _shown(user: User, here: str) -> Iterator[dict[str, Any]]:
    for entry in ENTRIES:
        url = _address(entry.name)
        if url and (entry.permission is None or has_permission(user, entry.permission)):
            yield {"entry": entry, "url": url, "current": entry.section == here}


def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
