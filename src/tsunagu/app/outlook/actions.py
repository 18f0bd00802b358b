"""What can be done to targets: with permission, transaction and audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tsunagu.app.outlook.models import Target
from tsunagu.app.outlook.months import month_of
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import led_users, require


def set_targets(actor: User, month: date, amounts: Mapping[int, Decimal | None]) -> int:
    """Set the targets of people (by id) for the month that ``month`` lies in.

    Args:
        amounts: in the organisation's currency; None takes the person's target away.

    Returns:
        How many targets changed; each is audited.

    Raises:
        PermissionDenied: ``actor`` does not lead all of them.
        ValidationError: an amount is negative.
    """
    require(actor, "outlook.set_targets")
    if any(amount is not None and amount < 0 for amount in amounts.values()):
        raise ValidationError(_("A target cannot be negative."))
    month = month_of(month)
    with transaction.atomic():
        people = _locked(actor, amounts)
        rows = Target.objects.filter(month=month, user__in=people)
        before = dict(rows.values_list("user_id", "amount"))
        changed = {pk: new for pk, new in amounts.items() if new != before.get(pk)}
        _write(actor, month, changed)
        for pk, new in changed.items():
            said = {"month": month, "amount": before.get(pk)}
            audit.record(
                actor, "set_targets", people[pk], before=said, after={**said, "amount": new}
            )
    return len(changed)


def _locked(actor: User, wanted: Mapping[int, Decimal | None]) -> dict[int, User]:
    """The people, locked, so that of two who set the same targets each sees the other's."""
    found = led_users(actor).filter(pk__in=wanted).order_by("pk").select_for_update(of=["self"])
    people = {person.pk: person for person in found}
    if people.keys() != wanted.keys():
        raise PermissionDenied(_("Your role does not allow this. Ask your manager."))
    return people


def _write(actor: User, month: date, changed: Mapping[int, Decimal | None]) -> None:
    gone = [pk for pk, amount in changed.items() if amount is None]
    Target.objects.filter(month=month, user__in=gone).delete()
    Target.objects.bulk_create(
        [
            Target(user_id=pk, month=month, amount=amount, set_by=actor)
            for pk, amount in changed.items()
            if amount is not None
        ],
        update_conflicts=True,
        unique_fields=["user", "month"],
        update_fields=["amount", "set_by", "at"],
    )
