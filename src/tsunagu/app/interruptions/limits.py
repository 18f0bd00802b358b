"""The thresholds in force: learned ones, with what people set for a process on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.deals.models import Process
from tsunagu.app.interruptions import aftercare
from tsunagu.app.interruptions.models import (
    Decision,
    Interruption,
    LearnedThresholds,
    OwnThreshold,
    Signal,
)
from tsunagu.app.interruptions.states import State, Step
from tsunagu.app.scoring import detection
from tsunagu.app.scoring.detection import Verdict

FIT_EVERY = timedelta(days=7)

TOGETHER = "together"
"""The name beside the kinds of signals under which a process keeps its own :data:`SUSPECT_FROM`."""

SUSPECT_FROM = 0.8
"""A case is opened once new signals are so strong together, 0 to 1: one alone seldom is."""


def highest(kind: str) -> float | None:
    """The highest cut that can be set: strengths end at 1, measures nowhere."""
    return 1.0 if kind == TOGETHER else None


def in_force() -> Any:
    """For :func:`tsunagu.app.scoring.detection.look`: made anew only after a change."""
    own = OwnThreshold.objects.exclude(kind=TOGETHER).order_by("pk")
    newest = LearnedThresholds.objects.aggregate(pk=Max("pk"))["pk"]
    return _made(newest, tuple(own.values_list("process_id", "kind", "cut")))


def closer() -> Any:
    """:func:`in_force` for deals that resumed lately: waiting is noticed sooner."""
    return detection.tightened(in_force(), aftercare.SOONER, aftercare.WAITING)


@lru_cache(maxsize=4)
def _made(learned: int | None, own: tuple[tuple[int, str, float], ...]) -> Any:
    kept = LearnedThresholds.objects.get(pk=learned).taught if learned else None
    cuts = {(str(process), kind): cut for process, kind, cut in own}
    return detection.thresholds_from(kept, cuts)


def suspect_from() -> dict[int, float]:
    """By process, where it has its own joint strength from which a case is opened."""
    own = OwnThreshold.objects.filter(kind=TOGETHER)
    return dict(own.values_list("process_id", "cut"))


def learn(at: datetime | None = None) -> LearnedThresholds:
    """Let all decisions so far teach the thresholds; fit them on history first, once a week."""
    now = at or timezone.now()
    before = LearnedThresholds.objects.first()
    fresh = before is not None and before.fitted_at > now - FIT_EVERY
    fitted = before.fitted if before and fresh else detection.fit(now)
    said = verdicts()
    learned = LearnedThresholds(
        fitted_at=before.fitted_at if before and fresh else now,
        taught_at=now,
        fitted=fitted,
        taught=detection.teach(fitted, said),
        decisions=len(said),
    )
    with transaction.atomic():
        learned.save()
        LearnedThresholds.objects.exclude(pk=learned.pk).delete()
    return learned


def verdicts(cases: QuerySet[Interruption] | None = None) -> list[Verdict]:
    """What people said of each case that signals opened, once for each kind it stood on then.

    A case confirmed first and dismissed later was a false alarm. One that nobody decided on before
    its deal ended says nothing.

    Args:
        cases: default: all.
    """
    by_the_end = Decision.objects.filter(case=OuterRef("case"), step=Step.ENDED)
    dismissed = Q(case__state=State.DISMISSED) & ~Exists(by_the_end)
    confirmed = Q(case__confirmed_at__isnull=False) & ~Q(case__state=State.DISMISSED)
    known_then = Q(found_at__lte=Coalesce("case__confirmed_at", "case__closed_at"))
    rows = Signal.objects.filter(known_then, dismissed | confirmed, case__opened_by__isnull=True)
    if cases is not None:
        rows = rows.filter(case__in=cases.order_by().values("pk"))
    said = rows.order_by().values_list("case", "kind", "case__state", "deal__process").distinct()
    return [
        Verdict(kind, state != State.DISMISSED, str(process))
        for _case, kind, state, process in said
    ]


@dataclass(frozen=True)
class Limit:
    """A kind's cut in one process: as shipped, as learned, as a person set it if one did."""

    kind: str
    name: str
    unit: str | Promise
    shipped: float
    learned: float
    own: float | None


def of_process(process: Process, language: str) -> list[Limit]:
    """All kinds' limits in ``process``; the joint strength first."""
    newest = LearnedThresholds.objects.first()
    taught = newest.taught if newest else {}
    here = taught.get("processes", {}).get(str(process.pk), {})
    general = {kind: t["cut"] for kind, t in taught.get("kinds", {}).items()}
    own = dict(process.thresholds.values_list("kind", "cut"))
    rows = [
        Limit(
            kind,
            words.ja if language == "ja" else words.en,
            UNITS[words.unit],
            words.cut,
            here.get(kind, general.get(kind, words.cut)),
            own.get(kind),
        )
        for kind, words in detection.kinds().items()
    ]
    joint = Limit(
        TOGETHER, str(_("Joint strength")), "", SUSPECT_FROM, SUSPECT_FROM, own.get(TOGETHER)
    )
    return [joint, *rows]


UNITS: dict[str, str | Promise] = {
    "nines": gettext_lazy("rarity of the pause (1: one in ten, 2: one in a hundred)"),
    "business_days": gettext_lazy("business days"),
    "times": gettext_lazy("times the usual stay"),
    "steps": gettext_lazy("stages"),
    "pushes": gettext_lazy("postponements"),
    "share": gettext_lazy("share (0 to 1)"),
    "certainty": gettext_lazy("certainty (0 to 1)"),
    "tone": gettext_lazy("fall of tone"),
    "sentences": gettext_lazy("mentions"),
    "checkpoints": gettext_lazy("checkpoints"),
    "probability": gettext_lazy("probability (0 to 1)"),
    "log_odds": gettext_lazy("rise of the log-odds (0.7: doubled)"),
}
"""The units of measures as pages write them."""
