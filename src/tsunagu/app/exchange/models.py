"""Imports: what was uploaded, how it is meant, what came of it, and how to take it back."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.people.models import User


class FileKind(models.TextChoices):
    """What the rows of a file are."""

    CUSTOMERS = "customers", _("Customers")
    CONTACTS = "contacts", _("Contacts")
    DEALS = "deals", _("Deals")
    ACTIVITIES = "activities", _("Activities")
    STAGES = "stages", _("Stage history")


class State(models.TextChoices):
    """Where an import stands; computed from its facts, never stored."""

    UPLOADED = "uploaded", _("Uploaded")
    MAPPED = "mapped", _("Columns assigned")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


BUSY = frozenset({State.CHECKING, State.RUNNING, State.UNDOING})
"""States in which a worker has something to do."""

FACTS = (  # the newest fact that stands decides
    ("undone_at", State.UNDONE),
    ("undo_asked_at", State.UNDOING),
    ("cancelled_at", State.CANCELLED),
    ("failed_at", State.FAILED),
    ("finished_at", State.DONE),
    ("run_asked_at", State.RUNNING),
    ("checked_at", State.CHECKED),
    ("check_asked_at", State.CHECKING),
    ("mapped_at", State.MAPPED),
)


class Import(models.Model):
    """One file on its way in.

    ``done`` of ``total`` is the checkpoint: chunks up to it are written, together with it, in one
    transaction each. ``token`` names the worker that holds the import until ``held_until``.
    ``sheets`` are those of a workbook; ``sheet`` is the one that is read.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="imports")
    kind = models.CharField(_("what the rows are"), max_length=20, choices=FileKind.choices)
    file_name = models.CharField(max_length=200)
    folder = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    size = models.BigIntegerField()
    sheets = models.JSONField(default=list)
    sheet = models.CharField(_("sheet"), max_length=100, blank=True)
    rows = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=list)
    notices = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    parents = models.JSONField(default=dict)
    written = models.JSONField(default=dict)
    made = models.JSONField(default=dict)
    error = models.JSONField(default=dict)

    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    mapped_at = models.DateTimeField(null=True)
    check_asked_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    run_asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    undo_asked_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.file_name} [{self.sheet}]" if len(self.sheets) > 1 else self.file_name

    @property
    def state(self) -> State:
        """Where the import stands."""
        return next((state for fact, state in FACTS if getattr(self, fact)), State.UPLOADED)

    @property
    def is_busy(self) -> bool:
        """Whether a worker has something to do for it."""
        return self.state in BUSY

    @property
    def has_begun(self) -> bool:
        """Whether it may have written anything, so that its mapping must stay."""
        return self.run_asked_at is not None

    @property
    def percent(self) -> int:
        """Share of the present work that is done."""
        return 100 * self.done // self.total if self.total else 0


class ImportProblem(models.Model):
    """One row that the dry run would leave out, and why. ``message`` and ``remedy`` are English
    and translated where they are shown."""

    source = models.ForeignKey(Import, models.CASCADE, related_name="problems")
    file = models.CharField(max_length=200)
    row = models.PositiveIntegerField(null=True)
    column = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=300)
    remedy = models.CharField(max_length=300)

    class Meta:
        ordering = ["source", "row", "pk"]

    def __str__(self) -> str:
        return f"{self.file} {self.row}: {self.message}"


class SourceRow(models.Model):
    """What the last imported row with this key said, so that only what changes there changes here.

    Whoever corrects a deal in Tsunagu does not lose that by importing the same file again.
    """

    kind = models.CharField(max_length=20, choices=FileKind.choices)
    key = models.CharField(max_length=200)
    values: Any = models.JSONField()
    source = models.ForeignKey(Import, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="source_row_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ImportChange(models.Model):
    """How a row that existed before stood, so that an import can be undone.

    ``row_before`` is the earlier :class:`SourceRow` (values and source), or null for none;
    ``before`` and ``after`` hold the fields that are no facts.
    """

    source = models.ForeignKey(Import, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=20, choices=FileKind.choices)
    key = models.CharField(max_length=200)
    object_id = models.BigIntegerField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    row_before: Any = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="change_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class RankMeaning(models.Model):
    """What a rank means, as a percentage. No rows: the shipped map.

    Only :mod:`tsunagu.app.exchange.ranks` reads and writes it.
    """

    word = models.CharField(_("rank"), max_length=100, unique=True)
    percent = models.PositiveSmallIntegerField(_("probability"))

    class Meta:
        ordering = ["-percent", "word"]
        constraints = [
            models.CheckConstraint(condition=models.Q(percent__lte=100), name="rank_percent")
        ]

    def __str__(self) -> str:
        return f"{self.word} {self.percent}%"
