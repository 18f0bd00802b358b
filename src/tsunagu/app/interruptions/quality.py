"""How good detection is here: precision by kind, false alarms by week, lead times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import quantiles

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncWeek
from django.utils import timezone

from tsunagu.app.interruptions import limits
from tsunagu.app.interruptions.models import Decision, Interruption, Signal
from tsunagu.app.interruptions.queries import kind_names
from tsunagu.app.interruptions.states import State, Step
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_interruptions
from tsunagu.app.scoring import detection
from tsunagu.app.scoring.detection import Share

WEEKS = 12
LEAD_SPAN = timedelta(days=365)
LEAST_LEADS = 3
"""Fewer cases give no quartiles."""


@dataclass(frozen=True)
class KindRow:
    """A kind of signal: how many cases stood on it, and how often people confirmed them."""

    name: str
    signals: int
    share: Share | None


@dataclass(frozen=True)
class Week:
    """What happened in the week that began ``on``, to cases that detection opened."""

    on: date
    opened: int
    confirmed: int
    dismissed: int


@dataclass(frozen=True)
class Lead:
    """Days from the first signal on: how many cases, the median and the quartiles."""

    count: int
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Counts:
    """Cases so far. ``unheard``: lost before anybody decided; ``by_hand``: opened by people."""

    suspected: int
    confirmed: int
    dismissed: int
    unheard: int
    by_hand: int


@dataclass(frozen=True)
class Quality:
    """All that the page shows."""

    counts: Counts
    kinds: list[KindRow]
    weeks: list[Week]
    to_confirmation: Lead | None
    to_end: Lead | None

    @property
    def false_alarms(self) -> float | None:
        """Dismissals a week since the first of :attr:`weeks` that had a case; None: none had."""
        had = [week.opened + week.confirmed + week.dismissed > 0 for week in self.weeks]
        if not any(had):
            return None
        lived = len(had) - had[::-1].index(True)
        return sum(week.dismissed for week in self.weeks) / lived


def quality(user: User, language: str) -> Quality:
    """Over the cases that ``user`` may see: a handful of queries."""
    cases = visible_interruptions(user)
    return Quality(
        _counts(cases), _kinds(cases, language), _weeks(cases), *_leads(cases, timezone.now())
    )


def _counts(cases: QuerySet[Interruption]) -> Counts:
    found = cases.aggregate(
        suspected=Count("pk", filter=Q(state=State.SUSPECTED)),
        confirmed=Count("pk", filter=Q(confirmed_at__isnull=False) & ~Q(state=State.DISMISSED)),
        dismissed=Count("pk", filter=Q(state=State.DISMISSED)),
        unheard=Count("pk", filter=Q(state=State.LOST, confirmed_at__isnull=True)),
        by_hand=Count("pk", filter=Q(opened_by__isnull=False)),
    )
    return Counts(**found)


def _kinds(cases: QuerySet[Interruption], language: str) -> list[KindRow]:
    own = Signal.objects.filter(case__in=cases.order_by().values("pk"))
    counted = own.order_by().values_list("kind").annotate(count=Count("pk"))
    counts = dict(counted.values_list("kind", "count"))
    shares = detection.precision(limits.verdicts(cases))
    rows = [
        KindRow(name, counts.get(kind, 0), shares.get(kind))
        for kind, name in kind_names(language).items()
    ]
    return sorted(rows, key=lambda row: (-(row.share.decisions if row.share else 0), -row.signals))


def _weeks(cases: QuerySet[Interruption]) -> list[Week]:
    """The last weeks, the newest first; what is under way is one of them."""
    first = _monday(timezone.localdate()) - timedelta(weeks=WEEKS - 1)
    since = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    detected = cases.filter(opened_by__isnull=True)
    opened = _by_week(detected.filter(opened_at__gte=since).order_by(), "opened_at")
    said = Decision.objects.filter(
        case__in=detected.order_by().values("pk"), at__gte=since, by__isnull=False
    ).order_by()
    confirmed = _by_week(said.filter(step=Step.CONFIRM), "at")
    dismissed = _by_week(said.filter(step=Step.DISMISS), "at")
    days = [first + timedelta(weeks=n) for n in reversed(range(WEEKS))]
    return [Week(on, opened.get(on, 0), confirmed.get(on, 0), dismissed.get(on, 0)) for on in days]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _by_week(rows: QuerySet[Interruption] | QuerySet[Decision], column: str) -> dict[date, int]:
    counted = rows.annotate(week=TruncWeek(column)).values("week").annotate(count=Count("pk"))
    return {row["week"].date(): row["count"] for row in counted}


def _leads(cases: QuerySet[Interruption], now: datetime) -> tuple[Lead | None, Lead | None]:
    """From a case's first signal to its confirmation, and to the end of a deal that broke."""
    rows = cases.filter(
        opened_by__isnull=True, confirmed_at__isnull=False, opened_at__gte=now - LEAD_SPAN
    )
    found = rows.annotate(first=Min("signals__found_at")).values_list(
        "first", "confirmed_at", "state", "deal__ended_at"
    )
    confirmed: list[timedelta] = []
    ended: list[timedelta] = []
    for first, confirmed_at, state, ended_at in found:
        if first is not None and confirmed_at is not None:
            confirmed.append(confirmed_at - first)
            if state == State.LOST and ended_at is not None:
                ended.append(ended_at - first)
    return _lead(confirmed), _lead(ended)


def _lead(spans: Iterable[timedelta]) -> Lead | None:
    days = [span / timedelta(days=1) for span in spans]
    if len(days) < LEAST_LEADS:
        return None
    low, median, high = quantiles(days, n=4, method="inclusive")
    return Lead(len(days), low, median, high)
