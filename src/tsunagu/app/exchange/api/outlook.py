"""Targets, and a month against them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Money,
    Named,
    Noun,
    Said,
    name_of,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.problems import wrong
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.outlook import actions, against
from tsunagu.app.outlook.models import Target
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import led_users, require, visible_deals

routes = Routes(Group.PEOPLE, gettext_noop("Targets"))


class TargetOut(Noun):
    """What a person is to win in a month."""

    person: Named
    month: date = Field(description="The month's first day.")
    amount: Decimal

    @classmethod
    def of(cls, target: Target) -> TargetOut:
        """``target``, fetched with its person."""
        return cls(
            id=target.pk, person=name_of(target.user), month=target.month, amount=target.amount
        )


class TargetsWanted(paging.Paged):
    """What the list of targets can be asked for."""

    month: date | None = Field(default=None, description="Any day of the month.")
    person: Key | None = None

    def of(self, user: User) -> QuerySet[Target]:
        """Those of people whom ``user`` leads."""
        rows = Target.objects.select_related("user").filter(user__in=led_users(user).order_by())
        return narrowed(rows, month=self.month and self.month.replace(day=1), user=self.person)


class OneTarget(Said):
    """A person's amount; null takes the target away."""

    person: Key
    amount: Money | None


class TargetsIn(Said):
    """Targets of a month; people who are not named keep theirs."""

    month: date
    targets: list[OneTarget] = Field(min_length=1, max_length=1_000)


class TargetsSet(BaseModel):
    """How many targets changed."""

    changed: int


class SideOut(BaseModel):
    """A person's month, or a team's."""

    name: str
    target: float | None
    won: float
    expected: float
    without_this_deal: float


class OutlookOut(BaseModel):
    """The month in which a deal is to close, with it and without."""

    month: date
    sides: list[SideOut]


@routes.get("/targets", response=Listed[TargetOut], summary=gettext_noop("List targets"))
def list_targets(request: HttpRequest, wanted: Query[TargetsWanted]) -> HttpResponse:
    user = user_of(request)
    require(user, "outlook.set_targets")
    return answers.many(request, TargetOut, paging.page(wanted.of(user), wanted))


@routes.post("/targets", response=TargetsSet, summary=gettext_noop("Set targets"))
def set_targets(request: HttpRequest, said: TargetsIn) -> HttpResponse:
    amounts = {each.person: each.amount for each in said.targets}
    if len(amounts) < len(said.targets):
        raise wrong("targets", _("Name each person once."))
    changed = actions.set_targets(user_of(request), said.month, amounts)
    return answers.plain({"changed": changed})


@routes.get("/deals/{pk}/outlook", response=OutlookOut, summary=gettext_noop("A deal's month"))
def get_outlook(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    deal = one_of(visible_deals(user).select_related("owner__team"), pk)
    found = against.outlook(user, deal)
    sides = [
        SideOut(
            name=side.name,
            target=side.target,
            won=side.won,
            expected=side.expected,
            without_this_deal=side.without,
        )
        for side in found.sides
    ]
    return answers.plain(OutlookOut(month=found.month, sides=sides).model_dump(mode="json"))
