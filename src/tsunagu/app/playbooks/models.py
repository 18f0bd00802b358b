"""Playbooks with their versions, and the runs of them on cases of interruption.

Versions and the course of tasks (:class:`TaskNote`) are only added to. What :class:`Task` says
follows from its notes and from the deal's facts, and is kept so that lists filter in the database.
"""

from __future__ import annotations

from functools import cached_property

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.append_only import AppendOnly
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User
from tsunagu.app.playbooks.steps import Content, Doer, Step, parse
from tsunagu.app.playbooks.words import Words


class Playbook(models.Model):
    """An ordered answer to interruptions; ``key`` never changes.

    ``in_use`` is the version that new runs take: people's newest one, else the newest shipped one.
    ``causes`` are those of that version.
    """

    key = models.SlugField(max_length=60, unique=True)
    causes = models.JSONField(default=list, editable=False)
    archived = models.BooleanField(_("archived"), default=False)
    in_use = models.ForeignKey(
        "PlaybookVersion", models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["archived", "key"]

    def __str__(self) -> str:
        return self.key


class PlaybookVersion(AppendOnly):
    """What a playbook said from ``at`` on; ``content`` is as :mod:`steps` stores it.

    ``shipped`` is the version of the shipped file, and ``made_by`` None, where it came with the
    software; what a person published has ``shipped`` None.
    """

    playbook = models.ForeignKey(Playbook, models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    shipped = models.PositiveIntegerField(null=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["playbook", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["playbook", "number"], name="version_number"),
            models.UniqueConstraint(
                fields=["playbook", "shipped"],
                condition=Q(shipped__isnull=False),
                name="shipped_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.playbook_id} v{self.number}"

    @property
    def name(self) -> str:
        """In the reader's language, without reading the steps."""
        return Words(**self.content["name"]).words

    @property
    def purpose(self) -> str:
        """What it wants to reach, likewise."""
        return Words(**self.content["purpose"]).words

    @cached_property
    def parsed(self) -> Content:
        """The content as dataclasses."""
        return parse(self.content)


class Run(models.Model):
    """A playbook's version carried out for a case; a newer version does not change it.

    ``ended_at`` stands once the case was over, somebody stopped it (``stopped_by``, ``reason``), or
    all was done and another began. A deal's case has one run that has not ended.
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="runs", db_index=False)
    playbook = models.ForeignKey(Playbook, models.PROTECT, related_name="runs")
    version = models.ForeignKey(
        PlaybookVersion, models.PROTECT, related_name="runs", db_index=False
    )
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_at__isnull=True), name="one_run"
            )
        ]
        indexes = [
            models.Index(fields=["case", "-started_at"], name="run_case"),
            models.Index(
                fields=["started_at"], name="run_open", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.playbook_id} on {self.case_id}"


class ApprovalState(models.TextChoices):
    """Where the approval of a task stands."""

    NONE = "", _("None needed")
    NEEDED = "needed", _("Approval needed")
    ASKED = "asked", _("Approval asked for")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Approval refused")


class Ending(models.TextChoices):
    """How a task ended."""

    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")
    STOPPED = "stopped", _("Run ended")


class Task(models.Model):
    """A step of a run as somebody's dated task.

    ``assignee`` None: anybody of the ``role``. ``by_hand``: a person chose the assignee, so that it
    does not follow the deal's owner any more. ``applies``: the step's condition holds now.
    ``closed_at`` None: open; ``ending`` says how it closed, ``closed_by`` is None where a fact or
    the run's end did, ``fact`` names that fact. Facts after ``counts_from`` can close it.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="tasks", db_index=False)
    step_key = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=12, choices=Doer.choices)
    assignee = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="tasks", db_index=False
    )
    by_hand = models.BooleanField(default=False)
    due_on = models.DateField(_("due"))
    applies = models.BooleanField(default=True)
    counts_from = models.DateTimeField()
    approval = models.CharField(max_length=10, choices=ApprovalState.choices, blank=True)
    escalated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    skipped_reason = models.TextField(blank=True)
    fact = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["run", "due_on", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "step_key"], name="task_once"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, ending="")
                | (Q(closed_at__isnull=False) & ~Q(ending="")),
                name="closed_has_an_ending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["assignee", "due_on"],
                name="task_of",
                condition=Q(closed_at__isnull=True, applies=True),
            ),
            models.Index(
                fields=["due_on", "id"],
                name="task_due",
                condition=Q(closed_at__isnull=True, applies=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.step_key}"

    @property
    def is_open(self) -> bool:
        """Whether it waits to be done."""
        return self.closed_at is None

    @property
    def is_late(self) -> bool:
        """Whether it is open after its day."""
        return self.is_open and self.due_on < timezone.localdate()

    @property
    def may_complete(self) -> bool:
        """Whether nothing stands in the way of doing it."""
        return self.is_open and self.approval in (ApprovalState.NONE, ApprovalState.APPROVED)

    @cached_property
    def step(self) -> Step:
        """What is to be done, as the run's version says."""
        found = self.run.version.parsed.step(self.step_key)
        assert found is not None  # noqa: S101  # tasks are made of the version's steps
        return found


class Act(models.TextChoices):
    """What happened to a task."""

    COMPLETE = "complete", _("Done")
    FACT = "fact", _("Done, as the deal's facts say")
    SKIP = "skip", _("Skipped")
    REOPEN = "reopen", _("Opened again")
    REASSIGN = "reassign", _("Given to somebody else")
    ASK = "ask", _("Approval asked for")
    APPROVE = "approve", _("Approved")
    ALONE = "alone", _("Approved alone: nobody else may")
    REFUSE = "refuse", _("Approval refused")
    ESCALATE = "escalate", _("Overdue: told the manager")


class TaskNote(AppendOnly):
    """A step in a task's course; ``by`` None where no person did it, ``to`` the new assignee."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="notes")
    at = models.DateTimeField(default=timezone.now)
    act = models.CharField(max_length=10, choices=Act.choices)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    to = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.act}"


class LearnedEffects(models.Model):
    """What was learned of the effects of plays, as the analytics keep it. The newest row counts."""

    learned_at = models.DateTimeField()
    content = models.JSONField()
    cases = models.PositiveIntegerField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.learned_at:%Y-%m-%d %H:%M}"


class Exploring(AppendOnly):
    """Whether recommendations may explore, since when and by whom. The newest row counts."""

    on = models.BooleanField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.on}"
