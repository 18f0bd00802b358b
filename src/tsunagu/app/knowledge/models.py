"""Reviews of interruptions, what came of them, and what past cases are found by."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.append_only import AppendOnly
from tsunagu.app.deals.models import Stage
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import Team, User


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


class Followed(models.TextChoices):
    """How far an improvement is."""

    OPEN = "open", _("Open")
    DONE = "done", _("Done")
    SEEN = "seen", _("Effect seen")


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


class Review(models.Model):
    """The look back at a case: a draft until it is finished, and again while it is corrected.

    ``text`` says what worked, ``by`` who wrote that; ``version`` counts how often it was finished.
    """

    case = models.OneToOneField(Interruption, models.CASCADE, related_name="review")
    text = models.TextField(_("What worked"), blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    begun_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    finished_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    version = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-begun_at"]

    def __str__(self) -> str:
        return str(self.case_id)

    @property
    def is_finished(self) -> bool:
        """Whether it stands."""
        return self.finished_at is not None


class ReviewedCause(models.Model):
    """A cause that the review confirmed, and whether we could have influenced it."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="causes", db_index=False)
    cause = models.CharField(_("cause"), max_length=40, choices=Cause.choices)
    main = models.BooleanField(default=False)
    influence = models.CharField(max_length=6, choices=Influence.choices)

    class Meta:
        ordering = ["-main", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "cause"], name="reviewed_once"),
            models.UniqueConstraint(
                fields=["review"], condition=Q(main=True), name="one_main_reviewed"
            ),
        ]

    def __str__(self) -> str:
        return self.cause


class Why(models.Model):
    """An answer to "why?": to that of its ``parent``, or to why it was interrupted at all."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="whys")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="further")
    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:40]


class Learnt(models.Model):
    """What comes of a review, and where it applies: cause, stage at the break, product.

    Everybody may come to read it, so ``text`` names no customer. ``tokens`` is what it is found by.
    """

    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    cause = models.CharField(_("cause"), max_length=40, choices=Cause.choices, blank=True)
    stage = models.ForeignKey(Stage, models.SET_NULL, null=True, related_name="+")
    product = models.CharField(max_length=200, blank=True)
    tokens = models.TextField(blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.text[:40]


class Lesson(Learnt):
    """A lesson; readable by everybody once its review was finished (``published_at``)."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="lessons")
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["cause", "published_at"], name="lesson_cause"),
            models.Index(fields=["published_at"], name="lesson_published"),
        ]


class Improvement(Learnt):
    """What is to change, by whom and when; followed until its effect was looked for.

    ``team``: whose deals it concerns, with the teams below; None: the whole organisation's.
    ``done_at`` is the day it was done, ``seen_at`` when its effect was judged, in ``effect``.
    """

    review = models.ForeignKey(Review, models.CASCADE, related_name="improvements")
    remedy = models.CharField(_("Kind"), max_length=10, choices=Remedy.choices)
    owner = models.ForeignKey(User, models.PROTECT, related_name="improvements")
    due_on = models.DateField(_("due on"))
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", db_index=False)
    done_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    effect = models.TextField(blank=True)

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["seen_at", "done_at", "due_on"], name="improvement_due")]

    @property
    def state(self) -> Followed:
        """How far it is."""
        if self.seen_at is not None:
            return Followed.SEEN
        return Followed.OPEN if self.done_at is None else Followed.DONE

    @property
    def is_overdue(self) -> bool:
        """Whether it should be done by now."""
        return self.done_at is None and self.due_on < timezone.localdate()


class ReviewVersion(AppendOnly):
    """The review as it was finished for the ``number``-th time.

    ``content`` holds ``causes`` and ``parts``; a part is its kind, its text, and who wrote it.
    """

    review = models.ForeignKey(Review, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    content = models.JSONField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["review", "number"], name="review_version")]

    def __str__(self) -> str:
        return f"{self.review_id}-{self.number}"
