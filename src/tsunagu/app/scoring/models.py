"""What the analytics said about each deal, which model said it, and the work still to be done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.models import Deal
from tsunagu.app.people.models import User


class State(models.TextChoices):
    """Where a fitted model stands in its life."""

    CHAMPION = "champion", _("in use")
    RETIRED = "retired", _("used earlier")
    REJECTED = "rejected", _("not taken")


class RiskModelVersion(models.Model):
    """A fitted model, as the bytes of its file, so that every worker and backup has it.

    ``weight`` is that of the organisation's own history against the shipped scorecard, 0 to 1.
    ``summary`` tells of the fit (seed, settings, versions of the packages), ``fingerprint`` of the
    data. ``verdict`` says how it compared with the champion of its time, ``against``; ``card``
    tells people what it is good at. ``reference`` is what the drift is measured against, ``drift``
    what was last seen of it, while the model was in use. These are empty where not known yet.
    ``level`` is how often deals ended in the weeks before ``level_at``; empty: as when it was
    fitted. Since ``pruned_at`` its ``content`` is gone.
    """

    created_at = models.DateTimeField(default=timezone.now)
    content = models.BinaryField()
    summary = models.JSONField(default=dict)
    weight = models.FloatField()
    state = models.CharField(max_length=10, choices=State.choices)
    used_since = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    verdict = models.JSONField(default=dict)
    against = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    card = models.JSONField(default=dict)
    reference = models.JSONField(default=dict)
    drift = models.JSONField(default=dict)
    level = models.JSONField(default=dict)
    level_at = models.DateTimeField(null=True)
    pruned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint("state", condition=Q(state=State.CHAMPION), name="one_champion")
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} ({self.weight:.0%})"


class DriftKind(models.TextChoices):
    """What has drifted."""

    FEATURES = "features", _("What deals look like")
    CALIBRATION = "calibration", _("Break-offs against the forecast")
    VOLUME = "volume", _("Number of records")


class DriftFinding(models.Model):
    """Something that drifted: told once, for as long as it lasts. ``until`` None: it still does.

    ``reading`` is the last one. ``noted_by`` has taken note of it, so it calls for nobody.
    """

    kind = models.CharField(max_length=12, choices=DriftKind.choices)
    subject = models.CharField(max_length=200)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    reading = models.JSONField(default=dict)
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(until__isnull=True), name="one_open_finding"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Source(models.TextChoices):
    """What a score rests on."""

    MODEL = "model", _("Own history")
    SCORECARD = "scorecard", _("Shipped scorecard")
    BLEND = "blend", _("Own history and scorecard")
    OUTSIDE = "outside", _("Outside model")


class OutsideModel(models.Model):
    """A model that runs elsewhere and whose scores were brought in under its ``name``."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Score(models.Model):
    """What an open deal's future looked like ``at`` an instant; a new score replaces the old one.

    ``risk_N`` is the probability to break off within N days. ``reasons`` are dictionaries with
    ``group``, ``contribution``, ``ja`` and ``en``, the strongest first. ``verdicts`` says what can
    be told of each horizon, ``next_steps`` are dictionaries with ``step``, ``before``, ``after``,
    ``ja`` and ``en``: what goes with a lower risk; both are empty for models elsewhere.
    ``previous_risk_30`` is the last value of an earlier day. ``stale``: the deal changed since and
    will be scored again.
    ``outside`` is the model elsewhere that said so; no own score replaces it before
    ``keep_until``.
    """

    deal = models.OneToOneField(Deal, models.CASCADE, related_name="score", primary_key=True)
    at = models.DateTimeField()
    risk_7 = models.FloatField()
    risk_14 = models.FloatField()
    risk_30 = models.FloatField(_("break risk in 30 days"))
    risk_60 = models.FloatField()
    risk_90 = models.FloatField()
    won_30 = models.FloatField()
    lost_30 = models.FloatField()
    previous_risk_30 = models.FloatField(null=True)
    reasons = models.JSONField(default=list)
    verdicts = models.JSONField(default=list)
    next_steps = models.JSONField(default=list)
    source = models.CharField(max_length=10, choices=Source.choices)
    model = models.ForeignKey(
        RiskModelVersion, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    outside = models.ForeignKey(
        OutsideModel, models.PROTECT, null=True, related_name="+", db_index=False
    )
    keep_until = models.DateTimeField(null=True)
    worth = models.FloatField()
    stale = models.BooleanField(default=False)

    class Meta:
        # For the sums of many deals: the reasons make rows long.
        indexes = [models.Index(fields=["deal", "risk_30"], name="score_risk")]

    def __str__(self) -> str:
        return f"{self.risk_30:.0%}"

    @property
    def rests_on(self) -> str:
        """Its source in words, that of outside with its name."""
        if self.outside is None:
            return str(self.get_source_display())
        return gettext("Outside model “%(name)s”") % {"name": self.outside.name}


class ScorePoint(models.Model):
    """A day's last ``risk_30`` of a deal: a point of its risk curve.

    ``traced``: computed later, by a model of later, from what was known on the day.
    """

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="score_points", db_index=False)
    on = models.DateField()
    risk_30 = models.FloatField()
    traced = models.BooleanField(default=False)

    class Meta:
        ordering = ["deal", "on"]
        constraints = [models.UniqueConstraint(fields=["deal", "on"], name="score_point_day")]

    def __str__(self) -> str:
        return f"{self.on} {self.risk_30:.0%}"


class RescoreRequest(models.Model):
    """A deal that changed and waits to be scored anew; many changes make one request.

    Whoever scores the deal removes the request only if ``at`` still is what it read before: a
    change in between keeps it.
    """

    deal = models.OneToOneField(Deal, models.CASCADE, related_name="+", primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.deal_id)


class RunKind(models.TextChoices):
    """Long work."""

    FIT = "fit", _("Fitting the model")
    RESCORE = "rescore", _("Scoring all deals")
    TRACE = "trace", _("Drawing risk curves of the past")


class Run(models.Model):
    """A piece of long work: its progress, and where it goes on after a restart.

    ``cursor`` is the last deal that is done. ``beat_at`` tells that its worker lives. Of a kind at
    most one is open, that is, without ``finished_at``.
    """

    kind = models.CharField(max_length=10, choices=RunKind.choices)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=32, blank=True)
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=100, blank=True)
    share = models.FloatField(default=0.0)
    cursor = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    stop = models.BooleanField(default=False)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(finished_at__isnull=True), name="one_open_run"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.share:.0%}"


class Schedule(models.Model):
    """When something is due next. Who moves ``due_at`` on, by conditional update, does it."""

    name = models.CharField(max_length=50, primary_key=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.due_at:%Y-%m-%d %H:%M}"
