"""What a team says on a case, the files it keeps there, and who is told of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User

CORRECTABLE = timedelta(minutes=15)
"""For so long a comment is its author's to correct; after that who erred says so in the next."""


class Comment(models.Model):
    """What somebody said.

    ``mentioned`` are those whom the text names with ``@``. ``decided_at`` and ``decided_by`` say
    that it is a decision of the team, since when, and who called it one. ``corrected_at`` is when
    its author last corrected it; what it said before stands in the audit trail.
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="comments", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField()
    mentioned = models.ManyToManyField(User, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    corrected_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["case", "at"], name="comment_place")]

    def __str__(self) -> str:
        return self.text[:40]

    def is_correctable_by(self, user: User) -> bool:
        """Whether it is ``user``'s own, new, and no decision that others go by."""
        fresh = self.decided_at is None and timezone.now() < self.at + CORRECTABLE
        return fresh and self.by_id == user.pk


def place_of(attachment: Attachment, filename: str) -> str:
    """Where a file is kept: nothing of its place comes from the person who sent it."""
    return f"rooms/{attachment.case_id}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """A file on a case. ``kind`` is what its content is: a key of :data:`rooms.files.KINDS`."""

    case = models.ForeignKey(
        Interruption, models.CASCADE, related_name="attachments", db_index=False
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    file = models.FileField(upload_to=place_of)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["case", "at"], name="attachment_place")]

    def __str__(self) -> str:
        return self.name


class Watching(models.Model):
    """Whether somebody wants to be told what happens on a case, where it is not the default."""

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    wanted = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="watching_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.wanted}"


class Size(models.TextChoices):
    """The size of a deal, so rough that nobody is known by it; in the house's currency."""

    UNKNOWN = "unknown", _("Unknown")
    SMALL = "small", _("Below 1 million")
    MIDDLE = "middle", _("1 to 10 million")
    LARGE = "large", _("10 to 100 million")
    HUGE = "huge", _("100 million or more")


class Advice(models.Model):
    """A question to people who resumed similar cases; they see what stands here, not the case.

    ``cause``, ``stage`` and ``size`` tell of the case as it was when the question was asked.
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="advice", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField()
    cause = models.CharField(max_length=40, choices=Cause.choices, blank=True)
    stage = models.CharField(max_length=100, blank=True)
    size = models.CharField(max_length=10, choices=Size.choices)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["case", "at"], name="advice_place")]

    def __str__(self) -> str:
        return self.text[:40]


class Adviser(models.Model):
    """One of those who were asked, and the answer."""

    advice = models.ForeignKey(Advice, models.CASCADE, related_name="advisers", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["advice", "user"], name="adviser_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.answered_at:%Y-%m-%d}" if self.answered_at else "?"


class Told(models.TextChoices):
    """Why somebody is told."""

    MENTION = "mention", _("Mentions")
    COMMENT = "comment", _("Comments")
    DECISION = "decision", _("Decisions of the team")
    FILE = "file", _("Files")
    ADVICE = "advice", _("Advice asked")
    ANSWER = "answer", _("Advice given")


class Notice(models.Model):
    """Something that somebody is told, once: ``(user, key)`` is its identity.

    ``case`` is None where the person may not see it: then ``adviser`` says what it is about.
    ``mailed_at``: since then a mail about it is on its way.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Told.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    case = models.ForeignKey(Interruption, models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey(Comment, models.CASCADE, null=True, related_name="+")
    adviser = models.ForeignKey(Adviser, models.CASCADE, null=True, related_name="+")
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "at"], name="notice_place"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.key


class MailWish(models.Model):
    """Whether somebody wants mails beside the notices; who has no row does."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+", primary_key=True)
    wanted = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.wanted}"
