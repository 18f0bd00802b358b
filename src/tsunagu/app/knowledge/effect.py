"""Whether interruptions of a cause became rarer after an improvement was done.

Counted are confirmed interruptions with that main cause for each 100 deals that ran at some time in
a stretch as long before the day as after it: deals of the team that the improvement concerns, and
for a checkpoint those of its process. The last days are left out: what begins in them is not
confirmed yet. Intervals: Wilson's score for each share, Newcombe's hybrid score for the difference
(Newcombe, Statistics in Medicine 17, 1998, method 10). A comparison of two stretches of time shows
no cause: other things may have changed as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State
from tsunagu.app.knowledge.models import Improvement, Remedy
from tsunagu.app.scoring.detection import wilson

SETTLED = timedelta(days=14)
"""So long after its beginning most of what is an interruption was confirmed."""

LONGEST = timedelta(days=180)
SHORTEST = timedelta(days=30)
LEAST_DEALS = 30


@dataclass(frozen=True)
class Rate:
    """Interruptions among deals, for each 100 of them, with the 95% interval."""

    count: int
    deals: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """The rates before and after; ``verdict`` is ``fewer``, ``more``, or ``chance``."""

    days: int
    before: Rate
    after: Rate
    verdict: str


def effect(improvement: Improvement) -> Effect | None:
    """The numbers; None: it cannot be said yet, or the cause is not known."""
    if improvement.done_at is None or not improvement.cause:
        return None
    span = min(LONGEST, timezone.now() - SETTLED - improvement.done_at)
    if span < SHORTEST:
        return None
    done = improvement.done_at
    before = _rate(improvement, done - span, done)
    after = _rate(improvement, done, done + span)
    if min(before.deals, after.deals) < LEAST_DEALS:
        return None
    return Effect(span.days, before, after, verdict(before, after))


def concerned(improvement: Improvement) -> QuerySet[Deal]:
    """The deals that the improvement can have changed."""
    deals = Deal.objects.all()
    if improvement.team is not None:
        deals = deals.filter(team__in=improvement.team.subtree)
    if improvement.remedy == Remedy.CHECKPOINT and improvement.stage is not None:
        deals = deals.filter(process=improvement.stage.process_id)
    return deals


def _rate(improvement: Improvement, since: datetime, until: datetime) -> Rate:
    ran = Q(ended_at__isnull=True) | Q(ended_at__gte=since)
    meant = concerned(improvement)
    deals = meant.filter(ran, created_at__lt=until).count()
    cases = Interruption.objects.filter(
        main_cause=improvement.cause,
        confirmed_at__isnull=False,
        opened_at__gte=since,
        opened_at__lt=until,
        deal__in=meant.values("pk"),
    )
    broken = cases.exclude(state=State.DISMISSED).values("deal").distinct().count()
    return rate(min(broken, deals), deals)


def rate(count: int, deals: int) -> Rate:
    """``count`` of ``deals`` for each 100, with Wilson's interval."""
    low, high = wilson(count, deals)
    return Rate(count, deals, 100 * count / max(deals, 1), 100 * low, 100 * high)


def verdict(before: Rate, after: Rate) -> str:
    """Whether the difference is more than chance, by Newcombe's interval."""
    gap = after.value - before.value
    low = gap - math.hypot(after.value - after.low, before.high - before.value)
    high = gap + math.hypot(after.high - after.value, before.value - before.low)
    return "fewer" if high < 0 else "more" if low > 0 else "chance"
