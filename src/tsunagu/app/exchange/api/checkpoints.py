"""Checkpoints: what must be true before a deal leaves a stage, and how a deal stands with them.

A checkpoint has no row of its own: facts name it, and the newest one of a name says how it stands.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.nouns import Id, Noun, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.permissions import visible_deals

routes = Routes(Group.DEALS, _("Checkpoints"))


class CheckpointOut(Noun):
    """How a deal stands with a checkpoint; ``id`` is that of the fact which says so."""

    deal: int
    name: str = Field(examples=["Budget confirmed"])
    met: bool = Field(description="False: the deal left the stage without it.")
    at: datetime

    @classmethod
    def of(cls, fact: Event) -> CheckpointOut:
        """What ``fact`` says."""
        return cls(
            id=fact.pk,
            deal=fact.deal_id,
            name=fact.value or "",
            met=fact.amount == 1,
            at=fact.at,
        )


class CheckpointsWanted(paging.Paged):
    """What a deal's checkpoints can be asked for."""

    met: bool | None = None

    def of(self, deal: Deal) -> QuerySet[Event]:
        """The newest fact of each name."""
        facts = Event.objects.filter(deal=deal, kind=Kind.CHECKPOINT)
        later = facts.filter(value=OuterRef("value"), at__gt=OuterRef("at"))
        newest = facts.filter(~Exists(later))
        if self.met is None:
            return newest
        return newest.filter(amount=1) if self.met else newest.exclude(amount=1)


@routes.get(
    "/deals/{pk}/checkpoints", response=Listed[CheckpointOut], summary=_("A deal's checkpoints")
)
def list_checkpoints(
    request: HttpRequest, pk: Id, wanted: Query[CheckpointsWanted]
) -> HttpResponse:
    deal = one_of(visible_deals(user_of(request)), pk)
    found = paging.page(wanted.of(deal), wanted, sort="at", columns={"at": "at"})
    return answers.many(request, CheckpointOut, found)
