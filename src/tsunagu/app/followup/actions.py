"""What people do with mails and letters. Each: permission, one transaction, an audit entry.

Every action takes the acting ``user`` first and may raise ``PermissionDenied`` or
``ValidationError``, with words for the person; nothing is written then. A mail's status moves only
by conditional update (:func:`move`), so that of two who try at once one wins.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail.message import make_msgid
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Event
from tsunagu.app.followup import tasks
from tsunagu.app.followup.models import SENDABLE, Form, Mail, Status
from tsunagu.app.followup.moving import move
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people import audit
from tsunagu.app.people.models import Language, User
from tsunagu.app.people.permissions import require
from tsunagu.app.playbooks.filling import MISSING

MOST_SUBJECT, MOST_BODY = 200, 10_000
MOST_AN_HOUR = 40


def write(  # noqa: PLR0913
    user: User,
    case: Interruption,
    *,
    form: str,
    contact: Contact | None,
    language: str,
    subject: str,
    body: str,
    once: str,
    in_reply_to: str = "",
) -> Mail:
    """Keep a mail or letter, not sent yet.

    Args:
        contact: one of the customer's people.
        once: the form's own key: sending the same form again returns the first mail.
    """
    require(user, "deals.log", case.deal)
    _check_who(case, form, contact, language)
    _check_words(subject, body)
    with transaction.atomic():
        mail, made = Mail.objects.get_or_create(
            made_by=user,
            once=once,
            defaults={
                "case": case,
                "contact": contact,
                "form": form,
                "language": language,
                "to": contact.email if contact else "",
                "subject": subject.strip(),
                "body": body.replace("\r\n", "\n").strip(),
                "message_id": make_msgid(domain=_domain()),
                "in_reply_to": in_reply_to[:200],
            },
        )
        if made:
            audit.record(user, "write_mail", mail, after={"case": case, "form": form})
    return mail


def send(user: User, mail: Mail) -> None:
    """Hand it to the worker, which sends it within moments."""
    require(user, "deals.log", mail.case.deal)
    if not settings.MAIL_IS_SET_UP:
        raise ValidationError(_("Outgoing mail is not set up."))
    _check_address(mail)
    _check_pace(user)
    with transaction.atomic():
        _moved(mail, Status.QUEUED, error="", by_hand=False, tries=0, again_at=None)
        audit.record(user, "send_mail", mail)
        # The task stands in the same database: it is there if and only if the change is.
        tasks.deliver.enqueue(mail.pk)
    mail.refresh_from_db()


def mark_sent(user: User, mail: Mail) -> None:
    """Say that it went out another way: by one's own mail program, or by post."""
    require(user, "deals.log", mail.case.deal)
    with transaction.atomic():
        _moved(mail, Status.SENT, by_hand=True, error="", again_at=None, sent_at=timezone.now())
        audit.record(user, "mark_mail_sent", mail)
        deal_actions.record_mail(user, mail.case.deal, **mail.fact)
    mail.refresh_from_db()


def discard(user: User, mail: Mail) -> None:
    """Throw away what was not sent."""
    require(user, "deals.log", mail.case.deal)
    with transaction.atomic():
        audit.record(user, "discard_mail", mail)
        gone, _rows = Mail.objects.filter(
            pk=mail.pk, status__in=(Status.DRAFT, Status.WAITING, Status.FAILED)
        ).delete()
        if not gone:
            raise ValidationError(_("It was sent in the meantime."))


@dataclass(frozen=True)
class Answer:
    """A message that came into a mailbox.

    Attributes:
        message_id: its own, by which the same one is known again.
        sender: the address that it came from.
        text: what it says.
        automatic: its ``Auto-Submitted``, which programs set that answer by themselves (RFC 3834).
        at: when it came; None: now.
    """

    message_id: str
    sender: str
    text: str
    automatic: str = ""
    at: datetime | None = None


def take_answer(user: User, mail: Mail, answer: Answer) -> Event:
    """The customer answered ``mail``: an e-mail from the customer on its deal, once."""
    message_id = re.sub(r"\s", "", answer.message_id)
    _check_answer(message_id, answer)
    digest = sha256(message_id.encode()).hexdigest()[:32]
    return deal_actions.record_answer(
        user, mail.case.deal, text=answer.text[:MOST_BODY], at=answer.at, key=(mail.pk, digest)
    )


def _check_answer(message_id: str, answer: Answer) -> None:
    """Whatever is no word of the customer's must not look like one."""
    if answer.automatic.strip().lower() not in {"", "no"}:
        raise ValidationError(_("A program wrote this message, not the customer."))
    own = Mail.objects.filter(message_id=message_id).exists()
    if own or User.objects.filter(email__iexact=parseaddr(answer.sender)[1]).exists():
        raise ValidationError(_("This message is our own, not the customer's."))


def _moved(mail: Mail, status: Status, **columns: Any) -> None:
    if not move(mail.pk, SENDABLE, status, **columns):
        raise ValidationError(_("It was sent in the meantime."))


def _check_who(case: Interruption, form: str, contact: Contact | None, language: str) -> None:
    if form not in Form.values or language not in Language.values:
        raise ValidationError(_("Choose Japanese or English."))
    if contact is not None and contact.customer_id != case.deal.customer_id:
        raise ValidationError(_("This person belongs to another customer."))
    if form == Form.EMAIL and contact is None:
        raise ValidationError(_("Choose whom to write to."))


def _check_words(subject: str, body: str) -> None:
    """A header ends at a line's end: whoever could write one into it would add headers."""
    if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in subject):
        raise ValidationError(_("The subject must be one line."))
    if not (subject.strip() and body.strip()):
        raise ValidationError(_("Write a subject and a text."))
    if len(subject) > MOST_SUBJECT or len(body) > MOST_BODY:
        raise ValidationError(_("The text is too long."))
    if MISSING in subject or MISSING in body:
        raise ValidationError(_("Fill in or delete the gaps (＿＿) before it goes out."))


def _check_address(mail: Mail) -> None:
    if not mail.to:
        raise ValidationError(_("This person has no e-mail address."))
    validate_email(mail.to)


def _check_pace(user: User) -> None:
    hour = timezone.now() - timedelta(hours=1)
    sent = Mail.objects.filter(made_by=user, moved_at__gte=hour, by_hand=False)
    if sent.exclude(status=Status.DRAFT).count() >= MOST_AN_HOUR:
        raise ValidationError(
            _("You sent %(most)d mails within an hour. Wait a little.") % {"most": MOST_AN_HOUR}
        )


def _domain() -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or "tsunagu.invalid"
