"""Reviews of interruptions, what came of them, and what past cases are found by."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.models import Stage
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption


class Influence(models.TextChoices):
    """Whether we could have influenced a cause."""

    YES = "yes", _("Yes")
    PARTLY = "partly", _("Partly")
    NO = "no", _("No")


class Remedy(models.TextChoices):
    """What kind of thing an improvement is."""

    CHECKPOINT = "checkpoint", _("Checkpoint of a stage")
    PLAYBOOK = "playbook", _("Step of a playbook")
    TRAINING = "training", _("Training need")
    CUSTOMER = "customer", _("Something for customers")


class CaseProfile(models.Model):
    """What a case that is over is found by when another one is like it.

    Everything follows from the case and its deal. ``stage`` is that at the break; ``magnitude`` the
    decimal logarithm of the value at stake; ``kinds`` those of its signals; ``tokens`` its texts'
    words, each once. ``known_until`` is the instant of the last decision that was read; None: to be
    read anew.
    """

    case = models.OneToOneField(
        Interruption, models.CASCADE, related_name="profile", primary_key=True
    )
    cause = models.CharField(max_length=40, choices=Cause.choices, blank=True)
    stage = models.ForeignKey(Stage, models.SET_NULL, null=True, related_name="+", db_index=False)
    industry = models.CharField(max_length=100, blank=True)
    size = models.CharField(max_length=50, blank=True)
    magnitude = models.FloatField(default=0.0)
    kinds = models.JSONField(default=list)
    tokens = models.TextField(blank=True)
    known_until = models.DateTimeField(null=True, db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["cause", "stage", "magnitude"], name="profile_cause_stage"),
            models.Index(fields=["cause", "magnitude"], name="profile_cause"),
            models.Index(fields=["stage", "magnitude"], name="profile_stage"),
        ]

    def __str__(self) -> str:
        return str(self.case_id)
