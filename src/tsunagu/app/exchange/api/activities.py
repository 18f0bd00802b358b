"""Activities and all other facts about deals, in the order of time or as they became known."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.deals import actions
from tsunagu.app.deals.actions import LOGGABLE_KINDS
from tsunagu.app.deals.models import Direction, Event, Kind
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Moment,
    Money,
    Noun,
    Said,
    Text,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import deal_scope, visible_deals

routes = Routes(Group.DEALS, _("Activities"))

LoggableKind = Literal[
    "call", "email", "meeting", "visit", "quote", "survey", "activity", "note"
]  # a test compares with the actions' own


class EventOut(Noun):
    """A fact about a deal. Facts are added, never changed."""

    deal: int
    at: datetime
    kind: Kind
    value: str | None = Field(description="What the fact says: a stage's key, a day, a cause, …")
    amount: Decimal | None
    actor: str | None = Field(description="Who did it: the external id of a person.")
    direction: Direction | None
    text: str | None
    recorded_at: datetime

    @classmethod
    def of(cls, event: Event) -> EventOut:
        """``event`` as it is sent."""
        return cls(
            id=event.pk,
            deal=event.deal_id,
            at=event.at,
            kind=Kind(event.kind),
            value=event.value,
            amount=event.amount,
            actor=event.actor,
            direction=Direction(event.direction) if event.direction else None,
            text=event.text,
            recorded_at=event.recorded_at,
        )


class EventsWanted(paging.Paged):
    """What the facts of a deal can be asked for."""

    kind: Kind | None = None
    since: Moment | None = None
    until: Moment | None = Field(default=None, description="Facts before that instant.")

    def among(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        """Those of ``rows`` that are asked for."""
        return narrowed(rows, kind=self.kind, at__gte=self.since, at__lt=self.until)


class AllEventsWanted(EventsWanted):
    """What the facts of all deals can be asked for.

    In the order of their ids facts come as they became known: who keeps the last cursor hears of
    each once, late ones too.
    """

    deal: Key | None = None
    sort: Literal["at", "-at", "id", "-id"] = "at"

    def of(self, user: User) -> QuerySet[Event]:
        """Those of deals that ``user`` may see."""
        rows = narrowed(self.among(Event.objects.all()), deal=self.deal)
        if deal_scope(user) is None:
            return rows
        return rows.filter(deal__in=visible_deals(user).values("pk"))


class ActivityIn(Said):
    """An activity or a note."""

    kind: LoggableKind = Field(examples=["call"])
    direction: Direction | None = Field(default=None, examples=["out"])
    text: Text | None = Field(default=None, examples=["Asked for a meeting next week"])
    value: Annotated[str, Field(max_length=200)] | None = None
    amount: Money | None = None
    at: Moment | None = Field(default=None, description="When it happened; by default now.")
    why: Text = Field(default="", description="The reason for an offer where one is asked for.")


@routes.get("/deals/{pk}/events", response=Listed[EventOut], summary=_("All facts of a deal"))
def list_events(request: HttpRequest, pk: Id, wanted: Query[EventsWanted]) -> HttpResponse:
    deal = one_of(visible_deals(user_of(request)), pk)
    return _events(request, wanted.among(Event.objects.filter(deal=deal)), wanted)


@routes.get("/deals/{pk}/activities", response=Listed[EventOut], summary=_("Activities of a deal"))
def list_activities(request: HttpRequest, pk: Id, wanted: Query[EventsWanted]) -> HttpResponse:
    deal = one_of(visible_deals(user_of(request)), pk)
    return _events(request, wanted.among(_activities().filter(deal=deal)), wanted)


@routes.get("/events", response=Listed[EventOut], summary=_("All facts of all deals"))
def list_all_events(request: HttpRequest, wanted: Query[AllEventsWanted]) -> HttpResponse:
    return _events(request, wanted.of(user_of(request)), wanted, wanted.sort)


@routes.get("/activities", response=Listed[EventOut], summary=_("Activities of all deals"))
def list_all_activities(request: HttpRequest, wanted: Query[AllEventsWanted]) -> HttpResponse:
    rows = wanted.of(user_of(request)).filter(kind__in=LOGGABLE_KINDS)
    return _events(request, rows, wanted, wanted.sort)


def _activities() -> QuerySet[Event]:
    return Event.objects.filter(kind__in=LOGGABLE_KINDS)


def _events(
    request: HttpRequest, rows: QuerySet[Event], wanted: EventsWanted, sort: str = "at"
) -> HttpResponse:
    found = paging.page(rows, wanted, sort=sort, columns={"at": "at"})
    return answers.many(request, EventOut, found)


@routes.post("/deals/{pk}/activities", response={201: EventOut}, summary=_("Log an activity"))
def log_activity(request: HttpRequest, pk: Id, said: ActivityIn) -> HttpResponse:
    user = user_of(request)
    deal = one_of(visible_deals(user), pk)
    given = said.model_dump(exclude={"kind"})
    event = actions.log_activity(user, deal, said.kind, **given)
    return answers.one(request, EventOut.of(event), made_at=request.path)
