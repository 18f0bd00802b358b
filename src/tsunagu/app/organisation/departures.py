"""Somebody leaves: their running deals go to another person in the same step."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tsunagu.app.deals.actions import hand_over_all
from tsunagu.app.deals.models import Deal
from tsunagu.app.people import actions
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require


def depart(actor: User, leaver: User, heir: User | None) -> int:
    """Hand the running deals of ``leaver`` to ``heir`` and take the log-in away.

    Returns:
        How many deals were handed over.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: deals would be left alone, or ``leaver`` has to stay; nothing is done then.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        actions.deactivate_user(actor, leaver)
        if heir is None:
            _refuse_deals_left_alone(leaver)
            return 0
        return hand_over_all(actor, leaver, heir, reason=_("The former owner left."))


def _refuse_deals_left_alone(leaver: User) -> None:
    if Deal.objects.filter(owner=leaver, outcome__isnull=True).exists():
        raise ValidationError(_("Choose who takes over the running deals."))
