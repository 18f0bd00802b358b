"""Who is told, what was to be told, and how each try went.

What happened stands in the tables that record it; a :class:`Cursor` says how far each was read. A
:class:`Delivery` is one message for one endpoint; its state follows from its instants.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.people.models import User

OLD_SECRET_LASTS = timedelta(hours=24)
"""So long the secret before the present one still signs too."""


def new_salt() -> str:
    """Of what, with the installation's own key, an endpoint's secret is made."""
    return secrets.token_hex(16)


class Topic(models.TextChoices):
    """What a message can be about."""

    DEAL_CREATED = "deal.created", _("Deal created")
    DEAL_STAGE = "deal.stage", _("Deal moved to a stage")
    DEAL_CHANGED = "deal.changed", _("Deal changed")
    DEAL_ENDED = "deal.ended", _("Deal ended")
    ACTIVITY = "activity.recorded", _("Activity recorded")
    SIGNAL = "signal.found", _("Signal found")
    CASE = "interruption.decided", _("Step of an interruption")
    REPLY = "inquiry.answered", _("Customer answered the questions")
    PING = "ping", _("Test")


class EndpointState(models.TextChoices):
    """How an endpoint stands."""

    WORKING = "working", _("Working")
    FAILING = "failing", _("Failing")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped after failures")


class Endpoint(models.Model):
    """An address that is told about ``topics``.

    ``failing_since`` is the first failure since the last success. ``stopped_at``: nothing was
    heard from it for days, or it said that it is gone. Of a ``removed_at`` one the log stays.
    """

    name = models.CharField(_("name"), max_length=100)
    url = models.URLField(_("address"), max_length=500)
    topics = models.JSONField(default=list)
    salt = models.CharField(max_length=32, default=new_salt, editable=False)
    old_salt = models.CharField(max_length=32, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True, editable=False)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> EndpointState:
        """How it stands."""
        if self.stopped_at:
            return EndpointState.STOPPED
        if self.paused_at:
            return EndpointState.PAUSED
        return EndpointState.FAILING if self.failing_since else EndpointState.WORKING

    @property
    def is_told(self) -> bool:
        """Whether messages go out to it."""
        return self.state in {EndpointState.WORKING, EndpointState.FAILING}

    @property
    def topic_labels(self) -> list[str]:
        """What it is told about, in the reader's language."""
        return [str(Topic(topic).label) for topic in self.topics if topic in Topic.values]

    def salts(self, now: datetime) -> list[str]:
        """The salts whose secrets sign at ``now``, the present one first."""
        both = self.rotated_at is not None and now < self.rotated_at + OLD_SECRET_LASTS
        return [self.salt, self.old_salt] if both else [self.salt]


class Cursor(models.Model):
    """How far a stream of facts was read.

    Rows up to ``seen`` were read. On PostgreSQL a transaction may show a lower number later, so
    rows above ``settled`` are read again from time to time: ``recent`` was ``seen`` when that was
    done last (``swept_at``), ``settled`` the time before.
    """

    name = models.CharField(max_length=20, primary_key=True)
    seen = models.BigIntegerField(default=0)
    recent = models.BigIntegerField(default=0)
    settled = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} {self.seen}"


class DeliveryState(models.TextChoices):
    """How a message stands."""

    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    DEAD = "dead", _("Given up")


class Delivery(models.Model):
    """One message for one endpoint; ``message`` is its id over all tries.

    ``stream`` and ``row`` name what it tells of, so that nothing is told twice. ``due_at`` is when
    to try (again); whoever tries moves it on by a lease. ``tries`` counts those since it was made
    or sent again by hand.
    """

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    message = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    stream = models.CharField(max_length=20)
    row = models.BigIntegerField()
    topic = models.CharField(_("topic"), max_length=30, choices=Topic.choices)
    body: Any = models.JSONField()
    made_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "stream", "row"], name="told_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["made_at"], name="delivery_made"),
            models.Index(
                fields=["endpoint", "dead_at"],
                name="delivery_dead",
                condition=Q(dead_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.message}"

    @property
    def state(self) -> DeliveryState:
        """How it stands."""
        if self.delivered_at:
            return DeliveryState.DELIVERED
        return DeliveryState.DEAD if self.dead_at else DeliveryState.WAITING


class Trouble(models.TextChoices):
    """Why a try failed; an address in words of the network is never kept."""

    STATUS = "status", _("The program refused the message.")
    REDIRECT = "redirect", _("The address sends elsewhere; name the final address.")
    PRIVATE = "private", _("The address leads into a private network, where nothing is sent.")
    UNKNOWN = "unknown", _("The host name is not known.")
    CONNECTION = "connection", _("There is no connection to the program.")
    TIMEOUT = "timeout", _("The program did not answer in time.")
    TLS = "tls", _("The certificate is not valid.")


class Attempt(models.Model):
    """One try: when, how long it took in milliseconds, and what came back."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    took = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    trouble = models.CharField(max_length=20, choices=Trouble.choices, blank=True)
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.status or self.trouble}"

    @property
    def code(self) -> str:
        """The answer's status."""
        return f"HTTP {self.status}"

    @property
    def duration(self) -> str:
        """How long it took."""
        return f"{self.took:,} ms"
