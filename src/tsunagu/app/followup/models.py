"""What is written to customers about a case, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tsunagu.app.customers.models import Contact
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import Language, User


class Form(models.TextChoices):
    """As what it is written."""

    EMAIL = "email", _("E-mail")
    LETTER = "letter", _("Letter")


class Status(models.TextChoices):
    """Where it stands. ``UNSURE``: the way to the mail server broke before its answer came.

    ``WAITING``: the mail server could not take it, and is asked again by itself.
    """

    DRAFT = "draft", _("Not sent yet")
    QUEUED = "queued", _("About to be sent")
    SENDING = "sending", _("Being sent")
    WAITING = "waiting", _("Waiting to be sent again")
    SENT = "sent", pgettext_lazy("mail", "Sent")
    FAILED = "failed", _("Given up: not sent")
    UNSURE = "unsure", _("Perhaps sent")


SENDABLE = (Status.DRAFT, Status.WAITING, Status.FAILED, Status.UNSURE)
"""From where a person may send, or say that it was sent."""

UNDER_WAY = (Status.QUEUED, Status.SENDING)


class Trouble(models.TextChoices):
    """Why a mail did not go out, in words that hold no secret and say what to do."""

    LOG_IN = "log_in", _("The mail server refused our log-in. Tell your administrator.")
    ADDRESS = "address", _("The mail server refused the address. Check it.")
    CONNECTION = "connection", _("The mail server could not be reached.")
    BUSY = "busy", _("The mail server cannot take the mail just now.")
    REFUSED = "refused", _("The mail server refused the mail. Tell your administrator.")
    NO_MAIL = "no_mail", _("Outgoing mail is not set up.")
    BROKEN = "broken", _("The connection broke; it may have arrived. Ask first.")


PASSING = (Trouble.CONNECTION, Trouble.BUSY)
"""What may be over by itself; the mail has surely not gone out."""


class Mail(models.Model):
    """An e-mail or letter of a case; its words are kept as they went out.

    ``message_id`` names it towards mail programs, so that replies can be matched; ``in_reply_to``
    is the message that it answers. ``by_hand``: a person sent it otherwise and said so. ``once``
    is the key of the form that made it. ``status`` moves by conditional update only. ``tries``
    counts those that failed since a person last sent it; while it waits, ``again_at`` is the next.
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="mails", db_index=False)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+")
    form = models.CharField(max_length=10, choices=Form.choices, default=Form.EMAIL)
    language = models.CharField(max_length=5, choices=Language.choices)
    to = models.EmailField(blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    message_id = models.CharField(max_length=200, unique=True)
    in_reply_to = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    by_hand = models.BooleanField(default=False)
    error = models.CharField(max_length=20, choices=Trouble.choices, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    again_at = models.DateTimeField(null=True)
    once = models.CharField(max_length=64)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["made_by", "once"], name="mail_once")]
        indexes = [
            models.Index(fields=["case", "-made_at"], name="mail_case"),
            models.Index(
                fields=["moved_at"],
                name="mail_under_way",
                condition=models.Q(status__in=UNDER_WAY),
            ),
            models.Index(
                fields=["again_at"],
                name="mail_waiting",
                condition=models.Q(status=Status.WAITING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.made_at:%Y-%m-%d}"

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter."""
        return self.form == Form.LETTER

    @property
    def is_sendable(self) -> bool:
        """Whether a person may send it now."""
        return self.status in SENDABLE

    @property
    def is_under_way(self) -> bool:
        """Whether the worker has it."""
        return self.status in UNDER_WAY

    @property
    def is_waiting(self) -> bool:
        """Whether it is tried again by itself."""
        return self.status == Status.WAITING

    @property
    def may_go_again(self) -> bool:
        """Whether it surely did not go out, and sending it again is one click."""
        return self.status in (Status.WAITING, Status.FAILED) and bool(self.to)

    @property
    def fact_key(self) -> str:
        """The natural key of the deal's fact that says it was sent."""
        return f"mail:{self.pk}"

    @property
    def fact(self) -> dict[str, Any]:
        """What the deal is told when it went out."""
        return {"text": self.subject, "letter": self.is_letter, "key": self.fact_key}
