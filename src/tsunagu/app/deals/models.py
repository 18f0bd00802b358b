"""Processes, stages, deals, and the facts about deals.

The facts (:class:`Event`) are the truth. What :class:`Deal` says beside its identity is their fold
(:mod:`tsunagu.app.deals.fold`), kept so that lists can sort and filter in the database.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.append_only import AppendOnly
from tsunagu.app.customers.models import Customer
from tsunagu.app.people.models import Team, User


class Outcome(models.TextChoices):
    """How a deal ended; mirrors the analytics' contract (a test compares)."""

    WON = "won", _("Won")
    BROKEN_OFF = "broken_off", _("Broken off")
    LOST = "lost", _("Lost")


class Kind(models.TextChoices):
    """What an event says; mirrors the analytics' contract (a test compares)."""

    STAGE = "stage", _("Stage")
    OUTCOME = "outcome", _("Outcome")
    CALL = "call", _("Call")
    EMAIL = "email", _("E-mail")
    MEETING = "meeting", _("Meeting")
    VISIT = "visit", _("Visit")
    QUOTE = "quote", _("Quote")
    NOTE = "note", _("Note")
    SURVEY = "survey", _("Survey")
    ACTIVITY = "activity", _("Other activity")
    PLANNED = "planned", _("Next step planned")
    CLOSE_DATE = "close_date", _("Close date")
    AMOUNT = "amount", _("Amount")
    OWNER = "owner", _("Owner")
    CONTACT = "contact", _("Contact person joined")
    CONTACT_LEFT = "contact_left", _("Contact person left")
    CHECKPOINT = "checkpoint", _("Checkpoint")
    COMPETITOR = "competitor", _("Competitor")
    INTERRUPTION = "interruption", _("Interruption")
    RESUMED = "resumed", _("Resumed")


CONTACT_KINDS = frozenset(
    {Kind.CALL, Kind.EMAIL, Kind.MEETING, Kind.VISIT, Kind.QUOTE, Kind.SURVEY}
)
"""Kinds that touch the customer; mirrors the contract."""

ACTIVITY_KINDS = CONTACT_KINDS | {Kind.ACTIVITY}
"""Kinds that count as activity on a deal."""


class Direction(models.TextChoices):
    """Who spoke."""

    IN = "in", _("From the customer")
    OUT = "out", _("To the customer")
    BOTH = "both", _("Two-way talk")


FROM_THEM = (Direction.IN, Direction.BOTH)
"""In these the customer spoke."""


class Process(models.Model):
    """A standard way of selling; deals move through its stages."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_default = models.BooleanField(default=False)
    archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        ordering = ["archived", "-is_default", "name"]
        constraints = [
            models.UniqueConstraint("is_default", condition=Q(is_default=True), name="one_default")
        ]

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A step of a process. Facts name it by ``key``, which never changes; ``name`` may.

    A ``retired`` stage takes no more deals; those in it and past facts keep it. ``usual_days`` is
    how long a deal usually stays, as the organisation says.
    """

    process = models.ForeignKey(Process, models.CASCADE, related_name="stages")
    key = models.CharField(max_length=100)
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"))
    usual_days = models.PositiveSmallIntegerField(_("usual days"), null=True, blank=True)
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        ordering = ["process", "position"]
        constraints = [
            models.UniqueConstraint(fields=["process", "key"], name="stage_key"),
            models.UniqueConstraint(fields=["process", "position"], name="stage_position"),
        ]

    def __str__(self) -> str:
        return self.name


FOLDED: dict[str, Any] = {"blank": True, "editable": False}
"""For fields that no form writes: they follow from the facts."""


class Deal(models.Model):
    """One running sale to one customer.

    ``created_owner`` is the owner at creation (the analytics' ``owner_id``); ``team`` answers for
    the deal. The fields from ``owner`` to ``ended_at`` are folded from the events.
    """

    external_id = models.CharField(max_length=200, unique=True)
    title = models.CharField(_("title"), max_length=200)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="deals")
    process = models.ForeignKey(Process, models.PROTECT, related_name="deals")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="deals")
    shared = models.BooleanField(_("shared with the team"), default=False)
    attributes = models.JSONField(default=dict, blank=True)
    created_owner = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"))
    source = models.BigIntegerField(null=True, editable=False)

    owner = models.ForeignKey(
        User, models.PROTECT, related_name="deals", verbose_name=_("owner"), db_index=False
    )
    stage = models.ForeignKey(
        Stage,
        models.PROTECT,
        null=True,
        **FOLDED,
        related_name="deals",
        verbose_name=_("stage"),
        db_index=False,
    )
    stage_since = models.DateTimeField(null=True, **FOLDED)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True, **FOLDED)
    close_date = models.DateField(_("close date"), null=True, **FOLDED)
    next_step_on = models.DateField(_("next step"), null=True, **FOLDED)
    last_activity_at = models.DateTimeField(_("last activity"), null=True, **FOLDED)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome.choices, null=True, **FOLDED
    )
    ended_at = models.DateTimeField(null=True, **FOLDED)
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes = [
            # All that the numbers of a member and of a board's column need: read alone, an index is
            # several times as fast as the deals. The condition of a partial index would not do:
            # SQLite looks it up in the deals again.
            models.Index(
                fields=[
                    "owner",
                    "outcome",
                    "amount",
                    "next_step_on",
                    "last_activity_at",
                    "created_at",
                ],
                name="deal_owner",
            ),
            models.Index(fields=["team", "outcome"], name="deal_team"),
            models.Index(fields=["stage", "outcome", "amount"], name="deal_stage"),
            models.Index("source", name="deal_source", condition=Q(source__isnull=False)),
            # The order of a board's column.
            models.Index(
                fields=["stage", "close_date", "id"],
                name="open_board",
                condition=Q(outcome__isnull=True),
            ),
            # The list's orders, for those who see all deals.
            *(
                models.Index(
                    fields=[field, "id"], name=f"open_{field}", condition=Q(outcome__isnull=True)
                )
                for field in ("close_date", "amount", "last_activity_at", "next_step_on", "title")
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether the sale still runs."""
        return self.outcome is None

    @property
    def stays_long(self) -> bool:
        """Whether it runs and has stood in its stage for longer than is usual there."""
        usual = self.stage.usual_days if self.stage and self.is_open else None
        if usual is None or self.stage_since is None:
            return False
        stay = timezone.localdate() - timezone.localdate(self.stage_since)
        return stay.days > usual


class Event(AppendOnly):
    """One fact about a deal. Its columns are the analytics' contract, then where it comes from.

    ``source`` is the import that brought it; ``natural_key`` its key there. Within a deal no
    instant stands twice. Updates are refused here and by a trigger.
    """

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    value = models.TextField(null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    actor = models.CharField(max_length=254, null=True)
    direction = models.CharField(max_length=4, choices=Direction.choices, null=True)
    text = models.TextField(null=True)

    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    source = models.BigIntegerField(null=True)
    natural_key = models.CharField(max_length=200, null=True)

    class Meta:
        ordering = ["deal", "at"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "at"], name="event_instant"),
            models.UniqueConstraint(
                fields=["deal", "natural_key"],
                name="event_key",
                condition=Q(natural_key__isnull=False),
            ),
        ]
        indexes = [
            models.Index("source", name="event_source", condition=Q(source__isnull=False)),
            models.Index(fields=["at", "kind"], name="event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.kind}"
