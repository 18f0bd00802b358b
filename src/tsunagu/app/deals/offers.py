"""Lets the rest of the application ask why before an offer is recorded."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string

from tsunagu.app.deals.models import Deal, Direction, Event, Kind
from tsunagu.app.people.models import User


class ReasonWantedError(ValidationError):
    """The offer can be made, with a reason; the message says what speaks against it."""


def is_offer(fact: Event) -> bool:
    """Whether the fact offers something: a quote of ours, a changed amount."""
    ours = fact.kind == Kind.QUOTE and fact.direction != Direction.IN
    return ours or fact.kind == Kind.AMOUNT


def check(user: User, deal: Deal, fact: Event, why: str) -> None:
    """Show the fact, if it is an offer, to every function that ``settings.OFFER_MADE`` names.

    Raises:
        ReasonWantedError: one of them wants a reason that is not given.
    """
    if is_offer(fact):
        for name in settings.OFFER_MADE:
            import_string(name)(user, deal, fact, why)
