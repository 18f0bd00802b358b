"""Whom to ask about an interruption: the customer's people, the former owner, the manager."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Deal, Kind
from tsunagu.app.people.models import Role, User

CONTACTS_SHOWN = 8


@dataclass(frozen=True)
class Person:
    """Somebody to ask; ``role`` says why."""

    name: str
    role: str | Promise
    title: str = ""
    email: str = ""
    phone: str = ""


def people(deal: Deal) -> list[Person]:
    """Those of the customer first; four queries."""
    return [*_of_customer(deal), *_former_owner(deal), *_managers(deal)]


def contacts(deal: Deal) -> list[Contact]:
    """The customer's people whom a form can be made for."""
    return list(deal.customer.contacts.all()[:50])


def _of_customer(deal: Deal) -> Iterator[Person]:
    rows = deal.events.filter(kind__in=[Kind.CONTACT, Kind.CONTACT_LEFT]).order_by("at")
    standing: dict[str | None, str] = dict(rows.values_list("value", "kind"))
    known = sorted(deal.customer.contacts.all()[:50], key=lambda c: c.external_id not in standing)
    for contact in known[:CONTACTS_SHOWN]:
        role = _ROLES.get(standing.get(contact.external_id, ""), _("At the customer"))
        yield Person(contact.name, role, contact.title, contact.email, contact.phone)


_ROLES: dict[str, str | Promise] = {
    Kind.CONTACT: _("Contact on this deal"),
    Kind.CONTACT_LEFT: _("Contact on this deal, left"),
}


def _former_owner(deal: Deal) -> Iterator[Person]:
    """Whoever owned the deal last before its owner now."""
    rows = deal.events.filter(kind=Kind.OWNER).order_by("-at").values_list("value", flat=True)
    earlier = [value for value in rows[:20] if value and value != deal.owner.external_id]
    keys = [*earlier[:1], deal.created_owner.external_id][:1]
    for user in User.objects.filter(external_id__in=keys).exclude(pk=deal.owner_id):
        yield Person(user.name, _("Former owner"), email=user.email or "")


def _managers(deal: Deal) -> Iterator[Person]:
    """Those who lead the deal's own team; the next above it where it has none."""
    if deal.team is None:
        return
    rows = User.objects.filter(role=Role.MANAGER, team__in=deal.team.lineage, is_active=True)
    leading = list(rows.exclude(pk=deal.owner_id).order_by("-team__path", "name"))
    for user in (u for u in leading if u.team_id == leading[0].team_id):
        yield Person(user.name, _("Manager"), email=user.email or "")
