"""Exports: what somebody asked for as a file, and what came of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.people.models import Language, User


class Format(models.TextChoices):
    """What kind of file."""

    XLSX = "xlsx", _("Excel workbook")
    UTF8 = "csv", _("CSV, UTF-8")
    CP932 = "cp932", _("CSV, Shift_JIS")
    LOG = "log", _("Event log (Parquet)")
    ARCHIVE = "archive", _("Whole organisation")


class State(models.TextChoices):
    """Where an export stands; computed from its facts, never stored."""

    WAITING = "waiting", _("Being prepared")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    GONE = "gone", _("No longer kept")


class Export(models.Model):
    """One file on its way out; only ``user`` may fetch it.

    ``what`` is the name of a list, ``query`` what its page was asked for. ``token`` names the
    attempt that is at work; its part of the file is its sign of life. ``notes`` say what the
    format could not hold.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="exports")
    what = models.CharField(max_length=40, blank=True)
    format = models.CharField(_("format"), max_length=10, choices=Format.choices)
    query = models.TextField(blank=True)
    language = models.CharField(max_length=5, choices=Language.choices)
    folder = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file_name = models.CharField(max_length=200)
    total = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(null=True)
    notes = models.JSONField(default=dict)

    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    token = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.gone_at is not None:
            return State.GONE
        if self.failed_at is not None:
            return State.FAILED
        return State.WAITING if self.finished_at is None else State.READY
