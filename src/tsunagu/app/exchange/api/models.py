"""Personal tokens, and answers that are kept so that a call sent twice acts once."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.people.models import User


class ApiToken(models.Model):
    """Lets a program act for ``user`` within ``scopes``, until it expires or is revoked.

    The token itself is shown once and never kept: ``digest`` is its SHA-256, ``hint`` how it
    begins. ``last_used_at`` is exact to a minute.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    hint = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_valid(self) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and timezone.now() < self.expires_at


class KeptAnswer(models.Model):
    """What a call with an idempotency key answered; the key is the user's own.

    ``fingerprint`` is that of the call: the same key with another call is a mistake. It is written
    in the transaction of what the call did, so neither stands without the other.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        return self.key
