"""Risks: how likely each open deal is to break off, and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.deals.risk import Level, Verdict, level
from tsunagu.app.deals.templatetags.risk import in_words
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.nouns import Id, Key, Named, Noun, name_of, narrowed, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import deal_scope, visible_deals
from tsunagu.app.scoring.bridge import HORIZONS
from tsunagu.app.scoring.models import Score, ScorePoint, Source

routes = Routes(Group.DEALS, _("Risks"))

Sort = Literal["id", "-id", "risk_30", "-risk_30", "worth", "-worth"]


class ReasonOut(BaseModel):
    """What moves the risk, and how strongly; above 0 upwards."""

    words: str = Field(examples=["No answer for 30 days"])
    contribution: float


class VerdictOut(BaseModel):
    """What can be said of a horizon, wrongly of one in ten deals of either kind."""

    days: int = Field(examples=[30])
    said: Verdict


class NextStepOut(BaseModel):
    """A step that goes with a lower risk within 30 days: an association, not a proven effect."""

    step: str = Field(examples=["talk"])
    words: str = Field(examples=["A two-way contact with the customer this week"])
    before: float
    after: float


class RiskOut(Noun):
    """What a deal's future looked like at an instant; ``id`` is the deal's."""

    deal: Named
    at: datetime
    risk_7: float
    risk_14: float
    risk_30: float = Field(description="The probability to break off within 30 days.")
    risk_60: float
    risk_90: float
    won_30: float
    lost_30: float
    level: Level
    reasons: list[ReasonOut] = Field(description="The strongest first.")
    verdicts: list[VerdictOut] = Field(description="Empty for models that run elsewhere.")
    next_steps: list[NextStepOut] = Field(
        description="The lowest risk first; looked for from a risk of 10% on, and never an offer."
    )
    source: Source
    worth: float
    stale: bool = Field(description="The deal changed since and will be scored again.")

    @classmethod
    def of(cls, score: Score) -> RiskOut:
        """``score``, fetched with its deal."""
        return cls(
            id=score.deal_id,
            deal=name_of(score.deal),
            level=level(score.risk_30),
            reasons=[_reason(reason) for reason in score.reasons],
            verdicts=[
                VerdictOut(days=days, said=Verdict(said))
                for days, said in zip(HORIZONS, score.verdicts, strict=False)
            ],
            next_steps=[_step(step) for step in score.next_steps],
            source=Source(score.source),
            **{name: getattr(score, name) for name in _AS_THEY_ARE},
        )


_AS_THEY_ARE = (
    "at", "risk_7", "risk_14", "risk_30", "risk_60", "risk_90", "won_30", "lost_30",
    "worth", "stale",
)  # fmt: skip


def _reason(reason: dict[str, Any]) -> ReasonOut:
    return ReasonOut(words=in_words(reason), contribution=reason["contribution"])


def _step(step: dict[str, Any]) -> NextStepOut:
    told = {name: step[name] for name in ("step", "before", "after")}
    return NextStepOut(words=in_words(step), **told)


class RiskPointOut(Noun):
    """A day's last `risk_30` of a deal."""

    deal: int
    on: date
    risk_30: float
    traced: bool = Field(description="Computed later, from what was known on the day.")

    @classmethod
    def of(cls, point: ScorePoint) -> RiskPointOut:
        """``point`` as it is sent."""
        return cls(
            id=point.pk,
            deal=point.deal_id,
            on=point.on,
            risk_30=point.risk_30,
            traced=point.traced,
        )


class RiskPointsWanted(paging.Paged):
    """Which days of a deal's risk curve, the first one first."""

    since: date | None = None
    until: date | None = Field(default=None, description="Days before that one.")


class RisksWanted(paging.Paged):
    """What the list of risks can be asked for."""

    owner: Key | None = None
    least: float = Field(default=0.0, ge=0.0, le=1.0, description="The lowest `risk_30`.")
    sort: Sort = "-risk_30"

    def of(self, user: User) -> QuerySet[Score]:
        """Those of deals that ``user`` may see."""
        rows = Score.objects.select_related("deal")
        if deal_scope(user) is not None:
            rows = rows.filter(deal__in=visible_deals(user).values("pk"))
        if self.owner is not None:
            rows = rows.filter(deal__owner=self.owner)
        return rows.filter(risk_30__gte=self.least) if self.least else rows


@routes.get("/risks", response=Listed[RiskOut], summary=_("List risks"))
def list_risks(request: HttpRequest, wanted: Query[RisksWanted]) -> HttpResponse:
    columns = {"risk_30": "risk_30", "worth": "worth"}
    found = paging.page(wanted.of(user_of(request)), wanted, sort=wanted.sort, columns=columns)
    return answers.many(request, RiskOut, found)


@routes.get("/deals/{pk}/risk", response=RiskOut, summary=_("A deal's risk"))
def get_risk(request: HttpRequest, pk: Id) -> HttpResponse:
    deal = one_of(visible_deals(user_of(request)), pk)
    return answers.one(request, RiskOut.of(one_of(Score.objects.select_related("deal"), deal.pk)))


@routes.get(
    "/deals/{pk}/risk/days", response=Listed[RiskPointOut], summary=_("A deal's risk by day")
)
def list_risk_days(request: HttpRequest, pk: Id, wanted: Query[RiskPointsWanted]) -> HttpResponse:
    deal = one_of(visible_deals(user_of(request)), pk)
    points = ScorePoint.objects.filter(deal=deal)
    rows = narrowed(points, on__gte=wanted.since, on__lt=wanted.until)
    found = paging.page(rows, wanted, sort="on", columns={"on": "on"})
    return answers.many(request, RiskPointOut, found)
