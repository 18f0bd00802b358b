"""Sends one mail, never twice; and finds the mail that a reply answers.

A mail that the server surely did not take, for a reason that passes, is tried again by itself,
after longer and longer waits (:data:`AGAIN_AFTER`); then it is given up, and a person decides.

A worker that dies while it talks to the mail server leaves the mail in ``SENDING``: whether it went
out nobody knows, so it becomes ``UNSURE`` and a person decides, instead of a second mail.
"""

from __future__ import annotations

import logging
import re
import smtplib
from datetime import timedelta
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.followup.models import PASSING, UNDER_WAY, Mail, Status, Trouble
from tsunagu.app.followup.moving import move

log = logging.getLogger(__name__)

TEMPORARY = range(400, 500)
"""Codes by which a mail server says: not now (RFC 5321, 4.2.1)."""

WAITS = timedelta(minutes=5)
"""So long a mail may wait for its worker, or be in its hands, before somebody looks after it."""


MOST_NAMED = 50
"""Messages that a header may name and are looked for."""

AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long a mail waits after each failure; some five hours, within a working day."""


def deliver(pk: int) -> bool:
    """Send the mail if it is queued and nobody else has taken it; whether it went out."""
    if not move(pk, [Status.QUEUED], Status.SENDING):
        return False
    mail = Mail.objects.select_related("case__deal", "made_by").get(pk=pk)
    trouble = _sent(mail)
    if trouble is None:
        _note(mail)
        return True
    _put_back(mail, trouble)
    return False


def _put_back(mail: Mail, trouble: Trouble) -> None:
    """It did not go out: later again, or never, or nobody knows."""
    tries, status, again_at = mail.tries + 1, Status.FAILED, None
    if trouble == Trouble.BROKEN:
        status = Status.UNSURE
    elif trouble in PASSING and tries <= len(AGAIN_AFTER):
        status, again_at = Status.WAITING, timezone.now() + AGAIN_AFTER[tries - 1]
    move(mail.pk, [Status.SENDING], status, error=trouble, tries=tries, again_at=again_at)


def _note(mail: Mail) -> None:
    """The mail is sent, and the deal's facts say so, together."""
    with transaction.atomic():
        sent = {"sent_at": timezone.now(), "error": "", "again_at": None}
        if move(mail.pk, [Status.SENDING], Status.SENT, **sent):
            deal_actions.record_mail(mail.made_by, mail.case.deal, **mail.fact)


def _sent(mail: Mail) -> Trouble | None:
    """Talk to the mail server. The log names the kind of failure only: answers quote addresses."""
    if not settings.MAIL_IS_SET_UP:
        return Trouble.NO_MAIL
    try:
        message(mail).send()
    except (smtplib.SMTPException, OSError, ValueError) as failure:
        log.warning("mail %d was not sent: %s", mail.pk, type(failure).__name__)
        return trouble_of(failure)
    return None


def message(mail: Mail) -> EmailMessage:
    """The message as it goes out; answers come to whoever wrote it."""
    address = parseaddr(settings.MAIL_FROM)[1]
    answer_to = settings.MAIL_REPLY_TO or mail.made_by.email
    headers = {"Message-ID": mail.message_id}
    if mail.in_reply_to:
        headers |= {"In-Reply-To": mail.in_reply_to, "References": mail.in_reply_to}
    return EmailMessage(
        subject=mail.subject,
        body=mail.body,
        from_email=formataddr((_from_name(mail), address)),
        to=[mail.to],
        reply_to=[answer_to] if answer_to else None,
        headers=headers,
    )


def _from_name(mail: Mail) -> str:
    """The sender's name and our company's."""
    names = (mail.made_by.name, settings.COMPANY_NAME)
    return " / ".join(re.sub(r"\s+", " ", name).strip() for name in names if name)


def trouble_of(failure: Exception) -> Trouble:
    """What went wrong, as a person can act on it."""
    return Trouble.BUSY if _passes(failure) else _lasting(failure)


def _passes(failure: Exception) -> bool:
    """Whether the server says "not now", as many do to who writes for the first time."""
    match failure:
        case smtplib.SMTPRecipientsRefused(recipients=answers):
            codes = {code for code, _words in answers.values()}
            return bool(codes) and all(code in TEMPORARY for code in codes)
        case smtplib.SMTPResponseException(smtp_code=code):
            return code in TEMPORARY
    return False


def _lasting(failure: Exception) -> Trouble:
    match failure:
        case smtplib.SMTPAuthenticationError():
            return Trouble.LOG_IN
        case smtplib.SMTPRecipientsRefused():
            return Trouble.ADDRESS
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError() | ConnectionRefusedError():
            return Trouble.CONNECTION
        # After these the server may have taken the mail all the same.
        case smtplib.SMTPServerDisconnected() | TimeoutError() | ConnectionError():
            return Trouble.BROKEN
        case smtplib.SMTPException() | ValueError():
            return Trouble.REFUSED
    return Trouble.CONNECTION


def due_again() -> list[int]:
    """Mails whose wait is over; they are queued here, each by one caller."""
    rows = Mail.objects.filter(status=Status.WAITING, again_at__lte=timezone.now())
    found = list(rows.values_list("pk", flat=True))
    return [pk for pk in found if move(pk, [Status.WAITING], Status.QUEUED)]


def left_behind() -> list[int]:
    """Mails that nobody took for too long; those in dead hands become ``UNSURE`` here."""
    late = timezone.now() - WAITS
    rows = Mail.objects.filter(status__in=UNDER_WAY, moved_at__lt=late)
    found = list(rows.values_list("pk", "status"))
    for pk, status in found:
        if status == Status.SENDING:
            move(pk, [Status.SENDING], Status.UNSURE, error=Trouble.BROKEN)
    return [pk for pk, status in found if status == Status.QUEUED]


def match_reply(mails: QuerySet[Mail], in_reply_to: str, references: str) -> Mail | None:
    """Which of ``mails`` an incoming one answers, by its headers of these names.

    ``References`` names the newest message last.
    """
    said, course = (re.findall(r"<[^<>\s]+>", header) for header in (in_reply_to, references))
    named = [*said, *reversed(course)][:MOST_NAMED]
    found = {mail.message_id: mail for mail in mails.filter(message_id__in=named)}
    return next((found[name] for name in named if name in found), None)
