"""What can be done to a deal. Each: permission, one transaction, the facts, the folded state.

Every action takes the acting ``user`` first and may raise

* ``PermissionDenied``: the role does not allow it, or
* ``ValidationError``: the input cannot be, with words for the person;

nothing is written then. There is no reopening: a deal's first outcome is final for the analytics,
so a sale that lives again is a new deal.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals import fold, offers
from tsunagu.app.deals.changed import announce
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import (
    ACTIVITY_KINDS,
    Deal,
    Direction,
    Event,
    Kind,
    Outcome,
    Process,
    Stage,
)
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

MICROSECOND = timedelta(microseconds=1)
CLOCK_SKEW = timedelta(minutes=2)

LOGGABLE_KINDS = ACTIVITY_KINDS | {Kind.NOTE}
"""Kinds that :func:`log_activity` accepts."""


def create_deal(  # noqa: PLR0913
    user: User,
    *,
    title: str,
    customer: Customer,
    owner: User,
    process: Process,
    stage: Stage | None = None,
    amount: Decimal | None = None,
    close_date: date | None = None,
    external_id: str | None = None,
    shared: bool = False,
    attributes: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Deal:
    """Begin a deal in ``stage`` (default: the process's first)."""
    require(user, "deals.add", owner)
    _see_that_active(owner)
    began = _past(at)
    deal = Deal(
        external_id=external_id or uuid.uuid4().hex,
        title=title,
        customer=customer,
        process=process,
        team=owner.team,
        shared=shared,
        attributes=attributes or {},
        created_owner=owner,
        owner=owner,
        created_at=began,
    )
    deal.full_clean()
    if process.archived:
        raise ValidationError(_("This process is archived. Choose another."))
    stage = _of_process(stage or process.stages.filter(retired=False).first(), process)
    with transaction.atomic():
        deal.save()
        audit.record(user, "create_deal", deal, after={"title": title, "owner": owner})
        change = Change(user, deal, began)
        change.add(Kind.STAGE, value=stage.key)
        if amount is not None:
            change.add(Kind.AMOUNT, amount=_money(amount))
        if close_date is not None:
            change.add(Kind.CLOSE_DATE, value=close_date.isoformat())
        _finish(deal)
    return deal


def log_activity(  # noqa: PLR0913
    user: User,
    deal: Deal,
    kind: str,
    *,
    direction: str | None = None,
    value: str | None = None,
    amount: Decimal | None = None,
    text: str | None = None,
    at: datetime | None = None,
    once: str | None = None,
    why: str = "",
) -> Event:
    """Add an activity or note that happened ``at`` (default: now).

    Args:
        kind: one of :data:`LOGGABLE_KINDS`.
        once: a form's own key: sending the same form again adds nothing and returns the first.
        why: the reason for an offer at a time when one is asked for.

    Raises:
        ReasonWantedError: it is such an offer without a reason.
    """
    if kind not in LOGGABLE_KINDS or direction not in {None, *Direction.values}:
        raise ValidationError(_("This is not an activity that can be logged."))
    with _change(user, deal, "deals.log", at, ended_too=True) as change:
        known = Event.objects.filter(deal=deal, natural_key=_form_key(once)) if once else None
        if known is not None and (first := known.first()):
            return cast(Event, first)
        event = change.add(
            kind,
            direction=direction,
            value=value,
            text=text,
            amount=None if amount is None else _money(amount),
            natural_key=_form_key(once) if once else None,
        )
        offers.check(user, change.deal, event, why)
        return event


def plan_next_step(user: User, deal: Deal, on: date | None, *, text: str | None = None) -> Event:
    """Plan the next step for the day ``on``; None: nothing is planned any more."""
    with _change(user, deal, "deals.log") as change:
        return change.add(Kind.PLANNED, value=on.isoformat() if on else None, text=text)


def still_ahead(on: date) -> date:
    """``on``, where it can be planned for: what people and programs ask of a next step.

    Raises:
        ValidationError: the day is over.
    """
    if on < timezone.localdate():
        raise ValidationError(_("Choose today or a later day."))
    return on


def record_departure(user: User, deal: Deal, contact: Contact) -> Event:
    """Say that ``contact`` is met on this deal no more."""
    with _change(user, deal, "deals.log") as change:
        return change.add(Kind.CONTACT_LEFT, value=contact.external_id, text=contact.name)


def move_stage(user: User, deal: Deal, stage: Stage, *, at: datetime | None = None) -> Event | None:
    """Move to ``stage``; None if it stands there already (a card dropped twice)."""
    with _change(user, deal, "deals.change", at) as change:
        if change.deal.stage_id == stage.pk:
            return None
        _of_process(stage, change.deal.process)
        return change.add(Kind.STAGE, value=stage.key)


def change_amount(user: User, deal: Deal, amount: Decimal, *, why: str = "") -> Event | None:
    """Give the deal another value; None if it has it already.

    Args:
        why: the reason for an offer at a time when one is asked for.

    Raises:
        ReasonWantedError: it is such a time, and there is no reason.
    """
    amount = _money(amount)
    with _change(user, deal, "deals.change") as change:
        if change.deal.amount == amount:
            return None
        event = change.add(Kind.AMOUNT, amount=amount)
        offers.check(user, change.deal, event, why)
        return event


def change_close_date(user: User, deal: Deal, on: date) -> Event | None:
    """Expect the close on another day; None if it is that day already."""
    with _change(user, deal, "deals.change") as change:
        if change.deal.close_date == on:
            return None
        return change.add(Kind.CLOSE_DATE, value=on.isoformat())


def change_owner(user: User, deal: Deal, owner: User, *, reason: str | None = None) -> Event | None:
    """Hand the deal over to ``owner``, whose team answers for it from now on."""
    with _change(user, deal, "deals.assign", ended_too=True) as change:
        require(user, "deals.add", owner)
        if change.deal.owner_id == owner.pk:
            return None
        _see_that_active(owner)
        before = change.deal.owner_id
        change.deal.team = owner.team
        change.deal.save(update_fields=["team"])
        audit.record(
            user, "change_owner", change.deal, before={"owner": before}, after={"owner": owner}
        )
        return change.add(Kind.OWNER, value=owner.external_id, text=reason)


def hand_over_all(user: User, owner: User, heir: User, *, reason: str | None = None) -> int:
    """Hand all running deals of ``owner`` over to ``heir``; returns how many."""
    require(user, "deals.add", heir)
    count = 0
    with transaction.atomic():
        _see_that_active(User.objects.select_for_update().get(pk=heir.pk))
        theirs = Deal.objects.filter(owner=owner, outcome__isnull=True)
        for deal in theirs.order_by("pk"):
            count += change_owner(user, deal, heir, reason=reason) is not None
    return count


def close_deal(
    user: User, deal: Deal, outcome: str, *, reason: str | None = None, at: datetime | None = None
) -> Event:
    """End the deal for good; a deal that was not won needs a reason."""
    if outcome not in Outcome.values:
        raise ValidationError(_("This is not an outcome."))
    if outcome != Outcome.WON and not (reason or "").strip():
        raise ValidationError(_("Say why, so that the next deal can learn from it."))
    with _change(user, deal, "deals.change", at) as change:
        return change.add(Kind.OUTCOME, value=outcome, text=reason)


def record_interruption(user: User, deal: Deal, cause: str | None) -> Event:
    """Say that the sale is interrupted, a person having confirmed it; ``cause`` where known."""
    with _change(user, deal, "deals.change") as change:
        return change.add(Kind.INTERRUPTION, value=cause)


def record_resumed(user: User, deal: Deal) -> Event:
    """Say that an interruption ended well."""
    with _change(user, deal, "deals.change") as change:
        return change.add(Kind.RESUMED)


def record_reply(deal: Deal, text: str, key: str) -> Event:
    """The customer answered a question form; who calls has checked the link, there is no user.

    Args:
        key: by which the fact is found again, should the answer have to be erased.
    """
    with transaction.atomic():
        found = locked_deals().get(pk=deal.pk)
        change = Change(None, found, timezone.now())
        event = change.add(Kind.SURVEY, direction=Direction.IN, text=text, natural_key=key)
        _finish(found)
    return event


def record_mail(user: User, deal: Deal, *, text: str, letter: bool, key: str) -> Event:
    """An e-mail or letter went out to the customer; ``user`` was allowed to when it was queued.

    Args:
        key: by which the fact is found again; the same key adds nothing.
    """
    with transaction.atomic():
        found = locked_deals().get(pk=deal.pk)
        if known := Event.objects.filter(deal=found, natural_key=key).first():
            return cast(Event, known)
        event = Change(user, found, timezone.now()).add(
            Kind.EMAIL,
            direction=Direction.OUT,
            value="letter" if letter else None,
            text=text,
            natural_key=key,
        )
        _finish(found)
    return event


def record_answer(
    user: User, deal: Deal, *, text: str, at: datetime | None, key: tuple[int, str]
) -> Event:
    """The customer answered a mail; ``user`` hands the answer in.

    Args:
        at: when it came; None: now.
        key: the mail's, and what tells the answer from others: the same one adds nothing.
    """
    mail, digest = key
    with _change(user, deal, "deals.log", at, ended_too=True) as change:
        known = Event.objects.filter(deal=deal, natural_key__startswith="answer:")
        if first := known.filter(natural_key__endswith=digest).first():
            return cast(Event, first)
        change.user = None  # it is the customer who acts
        return change.add(
            Kind.EMAIL, direction=Direction.IN, text=text, natural_key=f"answer:{mail}:{digest}"
        )


def edit_deal(user: User, deal: Deal, *, title: str, shared: bool) -> None:
    """Change what is not a fact of the sale: the title, and whether the team shares the deal."""
    with transaction.atomic():
        found = _locked(user, deal, "deals.change")
        before = {"title": found.title, "shared": found.shared}
        found.title, found.shared = title, shared
        found.full_clean()
        found.save(update_fields=["title", "shared"])
        after = {"title": title, "shared": shared}
        audit.record(user, "edit_deal", found, before=before, after=after)
    deal.title, deal.shared = title, shared


@dataclass
class Change:
    """An action under way on a locked deal; ``user`` is None where the customer acts."""

    user: User | None
    deal: Deal
    at: datetime
    added: int = 0

    def add(self, kind: str, **columns: Any) -> Event:
        """Write a fact at the first free instant from ``at`` on."""
        self.added += 1
        return Event.objects.create(
            deal=self.deal,
            at=_free_instant(self.deal, self.at),
            kind=kind,
            actor=self.user.external_id if self.user else None,
            recorded_by=self.user,
            **columns,
        )


@contextmanager
def _change(
    user: User,
    deal: Deal,
    permission: str,
    at: datetime | None = None,
    *,
    ended_too: bool = False,
) -> Iterator[Change]:
    """Lock, check, let the caller add facts, then fold them and announce the change."""
    moment = _past(at)
    with transaction.atomic():
        found = _locked(user, deal, permission)
        if not (found.is_open or ended_too):
            raise ValidationError(_("This deal has ended. Begin a new deal instead."))
        if moment < found.created_at:
            raise ValidationError(_("This lies before the deal began."))
        change = Change(user, found, moment)
        yield change
        if change.added:
            _finish(found)
    deal.refresh_from_db()


def _locked(user: User, deal: Deal, permission: str) -> Deal:
    found = locked_deals().get(pk=deal.pk)
    require(user, permission, found)
    return found


def _finish(deal: Deal) -> None:
    fold.rebuild([deal])
    announce(deal.pk)


def _past(at: datetime | None) -> datetime:
    now = timezone.now()
    if at is None:
        return now
    if at > now + CLOCK_SKEW:
        raise ValidationError(_("This lies in the future. Plan a next step instead."))
    return at


def _free_instant(deal: Deal, at: datetime) -> datetime:
    """``at``, or the first microsecond after it that no fact of the deal has taken."""
    taken = deal.events.filter(at__gte=at).order_by("at").values_list("at", flat=True)
    for instant in taken.iterator(100):
        if instant != at:
            break
        at += MICROSECOND
    return at


def _of_process(stage: Stage | None, process: Process) -> Stage:
    if stage is None or stage.process_id != process.pk:
        raise ValidationError(_("This stage belongs to another process."))
    if stage.retired:
        raise ValidationError(_("This stage takes no more deals. Choose another."))
    return stage


def _see_that_active(owner: User) -> None:
    if not owner.is_active:
        raise ValidationError(_("Choose somebody who is active."))


def _money(amount: Decimal) -> Decimal:
    if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 16:
        raise ValidationError(_("The amount must be a number from 0 up."))
    return amount.quantize(Decimal("0.01"))


def _form_key(once: str) -> str:
    return f"form:{once[:100]}"
