"""What is done to find out why: findings, questions to the customer, and the customer's answer.

Actions as in :mod:`tsunagu.app.interruptions.actions`; each leaves a fact on the deal as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tsunagu.app.acting import MOST_TEXT
from tsunagu.app.customers.models import Contact
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import Deal, Direction, Kind
from tsunagu.app.interruptions import shipped
from tsunagu.app.interruptions.inquiries import OPEN_FOR
from tsunagu.app.interruptions.models import Finding, Inquiry, Interruption, Reply
from tsunagu.app.interruptions.telling import tell_owner
from tsunagu.app.people import audit
from tsunagu.app.people.models import Language, User
from tsunagu.app.people.permissions import require


def record_finding(user: User, case: Interruption, question: str, text: str) -> Finding:
    """Keep what was learnt about a question of ``questions.toml``, and note it on the deal."""
    asked = shipped.question(question)
    said = text.strip()[:MOST_TEXT]
    if asked is None or not said:
        raise ValidationError(_("Write down what you learnt."))
    with transaction.atomic():
        deal = _locked(user, case)
        finding = Finding.objects.create(case=case, question=asked.key, text=said, by=user)
        deal_actions.log_activity(user, deal, Kind.NOTE, text=f"{asked.words} – {said}")
        audit.record(user, "record_finding", case, after={"question": asked.key})
    return finding


def ask_customer(
    user: User, case: Interruption, language: str, contact: Contact | None = None
) -> Inquiry:
    """Make a question form for the customer, who counts as asked from now on.

    Args:
        contact: one of the customer's; None: somebody not known yet.
    """
    if language not in Language.values:
        raise ValidationError(_("Choose Japanese or English."))
    now = timezone.now()
    with transaction.atomic():
        deal = _locked(user, case)
        if not Interruption.objects.get(pk=case.pk).is_living:
            raise ValidationError(_("The case is closed. There is nothing to ask any more."))
        if contact is not None and contact.customer_id != deal.customer_id:
            raise ValidationError(_("This person belongs to another customer."))
        inquiry = Inquiry.objects.create(
            case=case,
            language=language,
            contact=contact,
            made_by=user,
            made_at=now,
            expires_at=now + OPEN_FOR,
        )
        text = _("Question form for the customer")
        deal_actions.log_activity(user, deal, Kind.SURVEY, direction=Direction.OUT, text=text)
        audit.record(user, "ask_customer", case, after={"language": language, "contact": contact})
    return inquiry


def withdraw_inquiry(user: User, inquiry: Inquiry) -> None:
    """Close a form's link before it is answered; whoever opens it is told so.

    Raises:
        ValidationError: it was answered, has expired, or was withdrawn already.
    """
    with transaction.atomic():
        _locked(user, inquiry.case)
        _require_open(inquiry)
        Inquiry.objects.filter(pk=inquiry.pk).update(withdrawn_at=timezone.now())
        audit.record(user, "withdraw_inquiry", inquiry.case, after={"inquiry": inquiry})


def _require_open(inquiry: Inquiry) -> None:
    """As it stands in the database, under the lock of its deal."""
    answered = Reply.objects.filter(inquiry=inquiry).exists()
    withdrawn = Inquiry.objects.filter(pk=inquiry.pk, withdrawn_at__isnull=False).exists()
    if inquiry.has_expired or answered or withdrawn:
        raise ValidationError(_("This form can no longer be answered."))


def take_reply(  # noqa: PLR0913
    inquiry: Inquiry,
    *,
    choices: Sequence[str] = (),
    text: str = "",
    needs: str = "",
    contact_by: str = "",
    contact_when: str = "",
) -> Reply:
    """The customer answers, once: a contact from their side. The link is the permission.

    Raises:
        ValidationError: the form is empty, has expired, was withdrawn, or was answered already.
    """
    ticked = [key for key in shipped.choices() if key in choices]
    if not (ticked or text.strip() or needs.strip()):
        raise ValidationError(_("Tick or write at least one thing."))
    with transaction.atomic():
        deal = locked_deals().get(pk=inquiry.case.deal_id)
        _require_open(inquiry)
        reply = Reply.objects.create(
            inquiry=inquiry,
            choices=ticked,
            text=text.strip()[:MOST_TEXT],
            needs=needs.strip()[:MOST_TEXT],
            contact_by=contact_by if contact_by in shipped.ways() else "",
            contact_when=contact_when.strip()[:200],
        )
        deal_actions.record_reply(deal, _told(reply, inquiry.language), reply.fact_key)
        audit.record(None, "take_reply", inquiry.case, after={"inquiry": inquiry})
        transaction.on_commit(lambda: tell_owner.enqueue(reply.pk), robust=True)
    return reply


def _told(reply: Reply, language: str) -> str:
    """The answer as one text in the customer's language, for the deal and for who reads texts."""
    with translation.override(language):
        ticked = [shipped.choices()[key].words for key in reply.choices]
    return "\n".join(part for part in (*ticked, reply.text, reply.needs) if part)


def _locked(user: User, case: Interruption) -> Deal:
    deal = locked_deals().get(pk=case.deal_id)
    require(user, "deals.log", deal)
    return deal
