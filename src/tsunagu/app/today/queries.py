"""What Today asks: a person's running deals, most worthwhile first, and what happened on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import ngettext

from tsunagu.app.deals.history import Told, tell
from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.deals.queries import risk_points
from tsunagu.app.deals.risk import TREND_DAYS, Trend, trend
from tsunagu.app.interruptions import aftercare
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.queries import living_cases
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import SEES_ALL, teams_led, visible_deals
from tsunagu.app.scoring.models import Score

PAGE_SIZE = 50
NEWS_SHOWN = 3


class Broken(NamedTuple):
    """A deal's interruptions: when one resumed lately, and the one that is open."""

    resumed_at: datetime | None
    case: Interruption | None


@dataclass(frozen=True)
class Line:
    """A deal as Today shows it.

    ``shift`` is how many percentage points the risk moved since the last earlier day, ``watched``
    how many days the deal is still watched more closely after an interruption, ``case`` the
    interruption that is open.
    """

    deal: Deal
    score: Score | None
    trend: Trend | None
    shift: int
    news: list[Told]
    more_news: int
    plan: str
    watched: int
    case: Interruption | None

    @property
    def watched_words(self) -> str:
        """How long the deal is still watched."""
        days = ngettext(
            "Watched closely for 60 days: %(n)s day left",
            "Watched closely for 60 days: %(n)s days left",
            self.watched,
        )
        return days % {"n": self.watched}

    @property
    def wants_plan(self) -> bool:
        """Whether to plan comes before to act: acted today, and nothing comes next."""
        last = self.deal.last_activity_at
        acted = last is not None and timezone.localdate(last) == timezone.localdate()
        return acted and self.deal.next_step_on is None


def members(user: User) -> QuerySet[User]:
    """People whose Today ``user`` may open."""
    return User.objects.filter(Q(pk=user.pk) | Q(team__in=teams_led(user)) | _teamless(user))


def _teamless(user: User) -> Q:
    """Who sees all also sees people without a team."""
    sees_all = user.role in SEES_ALL
    return Q(team__isnull=True) if sees_all else Q(pk__in=[])


def running_deals(user: User, member: User) -> QuerySet[Deal]:
    """The running deals of ``member`` that ``user`` may see, most worthwhile first."""
    return (
        visible_deals(user)
        .filter(owner=member, outcome__isnull=True)
        .select_related("customer", "stage", "score")
        .defer("attributes", "customer__attributes")
        .order_by(
            F("score__worth").desc(nulls_last=True), F("close_date").asc(nulls_last=True), "pk"
        )
    )


def totals(user: User, member: User) -> dict[str, Any]:
    """How many deals, their value, the break-offs expected in 30 days, and the steps due."""
    today = timezone.localdate()
    rows = visible_deals(user).filter(owner=member, outcome__isnull=True)
    return rows.aggregate(
        count=Count("pk"),
        amount=Sum("amount"),
        expected=Sum("score__risk_30"),
        unscored=Count("pk", filter=Q(score__isnull=True)),
        due=Count("pk", filter=Q(next_step_on__lte=today)),
        unplanned=Count("pk", filter=Q(next_step_on__isnull=True)),
    )


def lines(deals: Iterable[Deal]) -> list[Line]:
    """What a page of deals shows: a handful of queries, however many deals."""
    deals = list(deals)
    today = timezone.localdate()
    points = risk_points([d.pk for d in deals], today - timedelta(days=TREND_DAYS))
    news, plans = _events(deals, today)
    keys = [d.pk for d in deals]
    resumed, cases = aftercare.watched(keys), living_cases(keys, evidence=True)
    broken = {key: Broken(resumed.get(key), cases.get(key)) for key in keys}
    return [
        _line(deal, points.get(deal.pk, []), news[deal.pk], plans, broken[deal.pk])
        for deal in deals
    ]


def _line(
    deal: Deal,
    points: list[tuple[date, float]],
    news: list[Told],
    plans: dict[int, str],
    broken: Broken,
) -> Line:
    today = timezone.localdate()
    score = getattr(deal, "score", None)
    # The plan that stands is shown as the next step already.
    news = [t for t in news if t.event.kind != Kind.PLANNED or t.on != deal.next_step_on]
    return Line(
        deal=deal,
        score=score,
        trend=trend(score.risk_30, points, today) if score else None,
        shift=_shift(score),
        news=news[:NEWS_SHOWN],
        more_news=max(0, len(news) - NEWS_SHOWN),
        plan=plans.get(deal.pk, "") if deal.next_step_on else "",
        watched=aftercare.days_left(broken.resumed_at) if broken.resumed_at else 0,
        case=broken.case,
    )


def _shift(score: Score | None) -> int:
    if score is None or score.previous_risk_30 is None:
        return 0
    return round(100 * score.risk_30) - round(100 * score.previous_risk_30)


def _events(deals: list[Deal], today: date) -> tuple[dict[int, list[Told]], dict[int, str]]:
    """What happened since the beginning of yesterday, newest first, and what the plans say."""
    yesterday = timezone.make_aware(datetime.combine(today - timedelta(days=1), time.min))
    rows = Event.objects.filter(
        Q(at__gte=yesterday) | Q(kind=Kind.PLANNED), deal__in=[d.pk for d in deals]
    ).order_by("-at")
    plans: dict[int, str] = {}
    recent: list[Event] = []
    for event in rows:
        if event.kind == Kind.PLANNED:
            plans.setdefault(event.deal_id, event.text or "")
        if event.at >= yesterday:
            recent.append(event)
    news: dict[int, list[Told]] = defaultdict(list)
    for told in tell(recent):
        news[told.event.deal_id].append(told)
    return news, plans
