"""Cases of interruption, the signals they stand on, and what people decided about them.

The decisions (:class:`Decision`) are the truth. What :class:`Interruption` says beside its identity
follows from them and from its signals, and is kept so that lists can sort and filter.
"""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from tsunagu.app.append_only import AppendOnly
from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Deal, Process
from tsunagu.app.interruptions import shipped
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.grades import Grade
from tsunagu.app.interruptions.states import LIVING, OVERRIDE, DismissReason, State, Step
from tsunagu.app.people.models import Language, User


class Interruption(models.Model):
    """One interruption of a deal, from the first suspicion to its end.

    ``number`` counts the deal's cases; ``previous`` is the case before it. ``opened_by`` is None
    where signals opened it. From ``state`` on everything is folded: from the decisions up to
    ``grade``, from signals and deal after it. ``strength`` is that of all signals that stand
    together, 0 to 1; ``last_signal_at`` tells when the newest was found; ``value`` is the deal's
    amount.
    """

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="interruptions", db_index=False)
    number = models.PositiveSmallIntegerField(default=1)
    previous = models.OneToOneField(
        "self", models.SET_NULL, null=True, related_name="next", editable=False
    )
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.SUSPECTED
    )
    state_since = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    main_cause = models.CharField(
        _("main cause"), max_length=40, choices=Cause.choices, blank=True, editable=False
    )
    grade = models.SmallIntegerField(
        _("how serious it looks"), choices=Grade.choices, null=True, editable=False
    )

    signal_count = models.PositiveSmallIntegerField(default=0, editable=False)
    strength = models.FloatField(_("strength"), default=0.0, editable=False)
    last_signal_at = models.DateTimeField(_("newest evidence"), null=True, editable=False)
    value = models.DecimalField(
        _("value at stake"), max_digits=18, decimal_places=2, null=True, editable=False
    )

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "number"], name="case_number"),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(state__in=LIVING), name="one_living_case"
            ),
        ]
        indexes = [
            *(
                models.Index(fields=["state", field, "id"], name=f"case_{field}")
                for field in ("last_signal_at", "strength", "value", "state_since")
            ),
            models.Index(fields=["opened_at"], name="case_opened"),
            models.Index(fields=["closed_at"], name="case_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id}-{self.number} {self.state}"

    @property
    def is_living(self) -> bool:
        """Whether it is not over."""
        return self.state in LIVING


class Signal(models.Model):
    """A dated piece of evidence; ``(deal, kind, at)`` is its identity for good.

    ``at`` is that of the fact it stands on; ``found_at`` when it was first seen, ``seen_at`` last.
    Strength and words may be renewed while it stands. ``gone_at``: since then it stands no more
    (say, the customer answered).
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="signals")
    deal = models.ForeignKey(Deal, models.CASCADE, related_name="signals", db_index=False)
    kind = models.CharField(max_length=30)
    at = models.DateTimeField()
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    strength = models.FloatField()
    measure = models.FloatField()
    evidence = models.JSONField(default=dict)
    ja = models.TextField()
    en = models.TextField()

    class Meta:
        ordering = ["-found_at", "-strength"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "kind", "at"], name="signal_identity")
        ]
        indexes = [models.Index(fields=["found_at"], name="signal_found")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"

    @property
    def words(self) -> str:
        """The sentence in the reader's language."""
        return self.ja if get_language() == "ja" else self.en


class Decision(AppendOnly):
    """A step in a case's life: who took it, when, and what was said.

    ``by`` is None for what no person decided. ``value`` is the reason for a dismissal, the outcome
    of an ended deal; ``causes`` are those set, the main one first. ``fact_at`` names the deal's
    fact that shows what is said, by its instant, which stands once in a deal; ``who`` said it.
    ``grade`` tells how serious the case looked then; None: nothing new was said of it.
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="decisions")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    step = models.CharField(max_length=10, choices=Step.choices)
    value = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)
    causes = models.JSONField(default=list)
    # All may be null: SQLite would build the table anew otherwise, without its trigger.
    fact_at = models.DateTimeField(null=True)
    who = models.CharField(max_length=200, null=True)
    grade = models.SmallIntegerField(choices=Grade.choices, null=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at"], name="decision_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.step}"

    @property
    def reason(self) -> DismissReason | None:
        """Why the alarm was false, where a person said so."""
        said = self.step == Step.DISMISS and self.value in DismissReason.values
        return DismissReason(self.value) if said else None

    @property
    def is_override(self) -> bool:
        """Whether a manager let the sale go on without the gates' evidence."""
        return self.step == Step.RESUME and self.value == OVERRIDE

    @property
    def cause_words(self) -> list[str]:
        """The causes set, in the reader's language."""
        return [str(Cause(cause).label) for cause in self.causes if cause in Cause.values]

    @property
    def grade_words(self) -> list[str]:
        """How serious it was said to look, in the reader's language; nothing where it was not."""
        words = gettext("How serious it looks: %(grade)s")
        return [words % {"grade": Grade(self.grade).label}] if self.grade else []


class CauseNote(models.Model):
    """A cause of a case: set by a person, or suggested with a probability by the analytics."""

    case = models.ForeignKey(
        Interruption, models.CASCADE, related_name="cause_notes", db_index=False
    )
    cause = models.CharField(_("cause"), max_length=40, choices=Cause.choices)
    main = models.BooleanField(default=False)
    probability = models.FloatField(null=True)
    evidence = models.JSONField(default=list)
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-main", "-probability", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "cause"], condition=Q(set_by__isnull=False), name="cause_once"
            ),
            models.UniqueConstraint(
                fields=["case", "cause"], condition=Q(set_by__isnull=True), name="suggested_once"
            ),
            models.UniqueConstraint(fields=["case"], condition=Q(main=True), name="one_main_cause"),
            models.CheckConstraint(
                condition=Q(main=False) | Q(set_by__isnull=False), name="main_is_a_persons"
            ),
        ]

    def __str__(self) -> str:
        return self.cause


class Watch(models.Model):
    """When to look at an open deal again; None: only a new fact can change anything.

    A new fact sets ``look_at`` to its instant. Who looks moves ``look_at`` on by its lease and puts
    its own ``worker`` there; what it finds is written only while that still stands. ``risk`` is the
    break risk that the last look saw.
    """

    deal = models.OneToOneField(Deal, models.CASCADE, related_name="watch", primary_key=True)
    look_at = models.DateTimeField(null=True, db_index=True)
    worker = models.CharField(max_length=32, blank=True)
    looked_at = models.DateTimeField(null=True)
    risk = models.FloatField(null=True)

    def __str__(self) -> str:
        return str(self.deal_id)


class LearnedCauses(models.Model):
    """What the model of causes learned from this team's confirmed cases. The newest row counts."""

    learned_at = models.DateTimeField()
    content = models.TextField()
    cases = models.PositiveIntegerField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.learned_at:%Y-%m-%d %H:%M}"


class LearnedThresholds(models.Model):
    """Thresholds as the analytics keep them: ``fitted`` on history, ``taught`` by decisions too.

    The newest row counts.
    """

    fitted_at = models.DateTimeField()
    taught_at = models.DateTimeField()
    fitted = models.JSONField()
    taught = models.JSONField()
    decisions = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.taught_at:%Y-%m-%d %H:%M}"


class OwnThreshold(models.Model):
    """The cut of a kind of signal that a person set for one process."""

    process = models.ForeignKey(Process, models.CASCADE, related_name="thresholds", db_index=False)
    kind = models.CharField(max_length=30)
    cut = models.FloatField()
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["process", "kind"], name="threshold_once"),
            models.CheckConstraint(condition=Q(cut__gt=0), name="threshold_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.cut}"


class Finding(AppendOnly):
    """What a person learnt about a question of the diagnosis; the newest of a question counts.

    ``question`` is its key in ``questions.toml``.
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="findings")
    question = models.CharField(max_length=60)
    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.question

    @property
    def asked(self) -> str:
        """The question in the reader's language."""
        found = shipped.question(self.question)
        return found.words if found else self.question


class InquiryState(StrEnum):
    """How a question form stands."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Inquiry(models.Model):
    """A question form for the customer, reached by a signed link until ``expires_at``.

    ``contact`` is whom it was made for, where it is somebody known. ``withdrawn_at``: since then
    the link opens nothing.
    """

    case = models.ForeignKey(Interruption, models.CASCADE, related_name="inquiries")
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} {self.language}"

    @property
    def has_expired(self) -> bool:
        """Whether it can be answered no more."""
        return timezone.now() >= self.expires_at

    @property
    def state(self) -> InquiryState:
        """How it stands."""
        if hasattr(self, "reply"):
            return InquiryState.ANSWERED
        if self.withdrawn_at is not None:
            return InquiryState.WITHDRAWN
        return InquiryState.EXPIRED if self.has_expired else InquiryState.OPEN


class Reply(AppendOnly):
    """The customer's answer to an inquiry, the only one it can have.

    ``choices`` are keys of ``choices.toml``; ``contact_by`` one of its ways of contact.
    """

    inquiry = models.OneToOneField(Inquiry, models.CASCADE, related_name="reply")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    choices = models.JSONField(default=list)
    text = models.TextField(blank=True)
    needs = models.TextField(blank=True)
    contact_by = models.CharField(max_length=20, blank=True)
    contact_when = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"

    @property
    def ticked(self) -> list[str]:
        """What was chosen, in the reader's language."""
        known = shipped.choices()
        return [known[key].words for key in self.choices if key in known]

    @property
    def said(self) -> str:
        """All that was chosen and written, a line each."""
        return "\n".join(part for part in (*self.ticked, self.text, self.needs) if part)

    @property
    def fact_key(self) -> str:
        """The natural key of the deal's fact that holds the answer."""
        return f"reply:{self.pk}"
