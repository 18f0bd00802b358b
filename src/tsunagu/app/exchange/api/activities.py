"""Activities and all other facts about a deal, in the order of time."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.deals import actions
from tsunagu.app.deals.actions import LOGGABLE_KINDS
from tsunagu.app.deals.models import Deal, Direction, Event, Kind
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.nouns import Id, Moment, Money, Noun, Said, Text, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.permissions import visible_deals

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
    return _events(request, one_of(visible_deals(user_of(request)), pk), wanted)


@routes.get("/deals/{pk}/activities", response=Listed[EventOut], summary=_("Activities of a deal"))
def list_activities(request: HttpRequest, pk: Id, wanted: Query[EventsWanted]) -> HttpResponse:
    deal = one_of(visible_deals(user_of(request)), pk)
    return _events(request, deal, wanted, only_activities=True)


def _events(
    request: HttpRequest, deal: Deal, wanted: EventsWanted, *, only_activities: bool = False
) -> HttpResponse:
    rows = Event.objects.filter(deal=deal)
    if only_activities:
        rows = rows.filter(kind__in=LOGGABLE_KINDS)
    if wanted.kind is not None:
        rows = rows.filter(kind=wanted.kind)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    found = paging.page(rows, wanted, sort="at", columns={"at": "at"})
    return answers.many(request, EventOut, found)


@routes.post("/deals/{pk}/activities", response={201: EventOut}, summary=_("Log an activity"))
def log_activity(request: HttpRequest, pk: Id, said: ActivityIn) -> HttpResponse:
    user = user_of(request)
    deal = one_of(visible_deals(user), pk)
    given = said.model_dump(exclude={"kind"})
    event = actions.log_activity(user, deal, said.kind, **given)
    return answers.one(request, EventOut.of(event), made_at=request.path)
