"""Deals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Deal, Outcome, Process, Stage
from tsunagu.app.deals.new_deal import possible_owners
from tsunagu.app.deals.queries import DealFilter, deal_list, shown_deals
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Moment,
    Money,
    Named,
    Noun,
    Said,
    Text,
    chosen,
    locked,
    name_of,
    named,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers

routes = Routes(Group.DEALS, _("Deals"))

SORTS = {
    "close_date": "close_date",
    "amount": "amount",
    "last_activity_at": "last_activity_at",
    "next_step_on": "next_step_on",
    "title": "title",
    "changed_at": "changed_at",
}
Sort = Literal[
    "id", "close_date", "amount", "last_activity_at", "next_step_on", "title", "changed_at",
    "-id", "-close_date", "-amount", "-last_activity_at", "-next_step_on", "-title", "-changed_at",
]  # fmt: skip


class DealOut(Noun):
    """One running or ended sale."""

    external_id: str = Field(examples=["A-1001"])
    title: str = Field(examples=["Renewal of the core system"])
    customer: Named
    owner: Named
    team: int | None
    process: int
    stage: Named | None
    stage_since: datetime | None
    amount: Decimal | None = Field(examples=["1200000.00"])
    close_date: date | None
    next_step_on: date | None
    last_activity_at: datetime | None
    outcome: Outcome | None
    ended_at: datetime | None
    shared: bool
    attributes: dict[str, Any]
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, deal: Deal) -> DealOut:
        """``deal``, fetched with customer, owner and stage."""
        return cls(
            id=deal.pk,
            external_id=deal.external_id,
            title=deal.title,
            customer=name_of(deal.customer),
            owner=name_of(deal.owner),
            team=deal.team_id,
            process=deal.process_id,
            stage=named(deal.stage),
            stage_since=deal.stage_since,
            amount=deal.amount,
            close_date=deal.close_date,
            next_step_on=deal.next_step_on,
            last_activity_at=deal.last_activity_at,
            outcome=Outcome(deal.outcome) if deal.outcome else None,
            ended_at=deal.ended_at,
            shared=deal.shared,
            attributes=deal.attributes,
            created_at=deal.created_at,
            changed_at=deal.changed_at,
        )


class DealsWanted(paging.PagedText):
    """What the list of deals can be asked for."""

    status: Literal["open", "ended", "all"] = "open"
    stage: Key | None = None
    owner: Key | None = None
    customer: Key | None = None
    external_id: Annotated[str, Field(max_length=200)] | None = None
    changed_since: Moment | None = None
    sort: Sort = "id"

    def of(self, user: User) -> QuerySet[Deal]:
        """Those that ``user`` may see."""
        known = DealFilter(text=self.q, stage=self.stage, owner=self.owner, status=self.status)
        return narrowed(
            deal_list(user, known),
            customer=self.customer,
            external_id=self.external_id,
            changed_at__gte=self.changed_since,
        )


class DealIn(Said):
    """A new deal. Without ``stage`` it begins in the first one of the standard process."""

    title: str = Field(min_length=1, max_length=200, examples=["Renewal of the core system"])
    customer: Key = Field(description="The customer's id.", examples=[7])
    owner: Key | None = Field(default=None, description="Whose deal it is; by default the caller.")
    stage: Key | None = None
    amount: Money | None = None
    close_date: date | None = None
    shared: bool = False
    attributes: dict[str, Any] = {}
    external_id: str | None = Field(default=None, min_length=1, max_length=200)
    at: Moment | None = Field(default=None, description="When it began; by default now.")


class DealChanges(Said):
    """What of a deal can be changed directly; for the rest there are actions."""

    title: str = Field(default="", min_length=1, max_length=200)
    shared: bool = False
    amount: Money = Decimal()
    close_date: date = date.min
    why: Text = Field(default="", description="The reason for another amount where one is asked.")


class StageMove(Said):
    """Another stage of the deal's process."""

    stage: Key
    at: Moment | None = None


class HandOver(Said):
    """Another owner."""

    owner: Key
    reason: Text | None = None


class DealEnding(Said):
    """How the sale ended; one that was not won needs a reason."""

    outcome: Outcome
    reason: Text | None = None
    at: Moment | None = None


class NextStep(Said):
    """The next step; without a day nothing is planned any more."""

    on: date | None
    text: Annotated[str, Field(max_length=500)] | None = None


@routes.get("/deals", response=Listed[DealOut], summary=_("List deals"))
def list_deals(request: HttpRequest, wanted: Query[DealsWanted]) -> HttpResponse:
    rows = wanted.of(user_of(request))
    found = paging.page(rows, wanted, sort=wanted.sort, columns=SORTS)
    return answers.many(request, DealOut, found)


@routes.get("/deals/{pk}", response=DealOut, summary=_("One deal"))
def get_deal(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, DealOut.of(one_of(shown_deals(user_of(request)), pk)))


@routes.post("/deals", response={201: DealOut}, summary=_("Begin a deal"))
def create_deal(request: HttpRequest, said: DealIn) -> HttpResponse:
    user = user_of(request)
    stage = _beginning(said.stage)
    given = said.model_dump(exclude={"customer", "owner", "stage"})
    owner = user if said.owner is None else chosen(possible_owners(user), said.owner, "owner")
    deal = actions.create_deal(
        user,
        customer=chosen(visible_customers(user), said.customer, "customer"),
        owner=owner,
        process=stage.process,
        stage=stage,
        **given,
    )
    return _deal(request, deal.pk, made=True)


def _beginning(pk: int | None) -> Stage:
    stages = Stage.objects.select_related("process")
    if pk is not None:
        return chosen(stages, pk, "stage")
    first = stages.filter(process=Process.objects.first(), retired=False).first()
    return chosen(stages, first.pk if first else 0, "stage")


@routes.patch("/deals/{pk}", response=DealOut, summary=_("Change a deal"))
def change_deal(request: HttpRequest, pk: Id, said: DealChanges) -> HttpResponse:
    user = user_of(request)
    deal = one_of(locked(shown_deals(user)), pk)
    expect(request, DealOut.of(deal))
    given = said.given()
    if given.keys() & {"title", "shared"}:
        title, shared = given.get("title", deal.title), given.get("shared", deal.shared)
        actions.edit_deal(user, deal, title=title, shared=shared)
    if "amount" in given:
        actions.change_amount(user, deal, said.amount, why=said.why)
    if "close_date" in given:
        actions.change_close_date(user, deal, said.close_date)
    return _deal(request, pk)


@routes.post("/deals/{pk}/move", response=DealOut, summary=_("Move a deal to a stage"))
def move_deal(request: HttpRequest, pk: Id, said: StageMove) -> HttpResponse:
    user = user_of(request)
    deal = one_of(shown_deals(user), pk)
    stage = chosen(Stage.objects.filter(process=deal.process_id), said.stage, "stage")
    actions.move_stage(user, deal, stage, at=said.at)
    return _deal(request, pk)


@routes.post("/deals/{pk}/hand-over", response=DealOut, summary=_("Hand a deal over"))
def hand_over_deal(request: HttpRequest, pk: Id, said: HandOver) -> HttpResponse:
    user = user_of(request)
    deal = one_of(shown_deals(user), pk)
    owner = chosen(possible_owners(user), said.owner, "owner")
    actions.change_owner(user, deal, owner, reason=said.reason)
    return _deal(request, pk)


@routes.post("/deals/{pk}/close", response=DealOut, summary=_("Close a deal"))
def close_deal(request: HttpRequest, pk: Id, said: DealEnding) -> HttpResponse:
    user = user_of(request)
    deal = one_of(shown_deals(user), pk)
    actions.close_deal(user, deal, said.outcome, reason=said.reason, at=said.at)
    return _deal(request, pk)


@routes.post("/deals/{pk}/plan", response=DealOut, summary=_("Plan the next step"))
def plan_deal(request: HttpRequest, pk: Id, said: NextStep) -> HttpResponse:
    user = user_of(request)
    deal = one_of(shown_deals(user), pk)
    on = said.on and actions.still_ahead(said.on)
    actions.plan_next_step(user, deal, on, text=said.text)
    return _deal(request, pk)


def _deal(request: HttpRequest, pk: int, *, made: bool = False) -> HttpResponse:
    """The deal as it stands now; the caller may have given it out of sight."""
    deal = Deal.objects.select_related("customer", "owner", "stage").get(pk=pk)
    address = reverse("api:get_deal", kwargs={"pk": pk}) if made else ""
    return answers.one(request, DealOut.of(deal), made_at=address)
