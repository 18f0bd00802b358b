"""What can be done to contact people whom facts may name."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.actions import record_departure
from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require, visible_deals


def facts_that_name(contact: Contact) -> QuerySet[Event]:
    """Facts that say that ``contact`` joined or left a deal."""
    return Event.objects.filter(
        deal__customer=contact.customer_id,
        kind__in=(Kind.CONTACT, Kind.CONTACT_LEFT),
        value=contact.external_id,
    )


def deals_that_know(user: User, contact: Contact) -> QuerySet[Deal]:
    """Running deals that ``user`` may see and in which ``contact`` is still met."""
    named = facts_that_name(contact)
    joined = named.filter(kind=Kind.CONTACT).order_by().values("deal")
    left = named.filter(kind=Kind.CONTACT_LEFT).order_by().values("deal")
    running = visible_deals(user).filter(customer=contact.customer_id, outcome__isnull=True)
    return running.filter(pk__in=joined).exclude(pk__in=left)


def mark_left(user: User, contact: Contact) -> int:
    """Say on all running deals that know ``contact`` that the person left; returns how many.

    Raises:
        ValidationError: no running deal knows the person.
    """
    require(user, "customers.change", contact.customer)
    with transaction.atomic():
        deals = list(deals_that_know(user, contact).order_by("pk"))
        if not deals:
            raise ValidationError(_("No running deal that you see knows this person any more."))
        for deal in deals:
            record_departure(user, deal, contact)
    return len(deals)


def remove_contact(user: User, contact: Contact) -> None:
    """Remove a person whom no fact names.

    Raises:
        ValidationError: facts name the person; they would speak of nobody then.
    """
    require(user, "customers.change", contact.customer)
    with transaction.atomic():
        found = Contact.objects.select_for_update().get(pk=contact.pk)
        if facts_that_name(found).exists():
            raise ValidationError(
                _("The history of a deal names this person, who stays therefore.")
            )
        audit.record(user, "remove_contact", found, before={"customer": found.customer})
        found.delete()
