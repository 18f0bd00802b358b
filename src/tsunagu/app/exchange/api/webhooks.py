"""Webhook endpoints, the messages to them, and the tries of each message."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import Id, Noun, Said, locked, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.webhooks import actions, queries, signing
from tsunagu.app.webhooks.models import (
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Topic,
)

routes = Routes(Group.WEBHOOKS, _("Webhooks"))


class EndpointOut(Noun):
    """An address that is told about ``topics``."""

    name: str = Field(examples=["Core system"])
    url: str = Field(examples=["https://core.example.com/tsunagu"])
    topics: list[str] = Field(examples=[["deal.ended", "interruption.decided"]])
    state: EndpointState
    made_by: int
    made_at: datetime
    rotated_at: datetime | None = Field(description="When it was given another secret.")

    @classmethod
    def of(cls, endpoint: Endpoint) -> EndpointOut:
        """``endpoint`` as it is sent."""
        return cls(
            id=endpoint.pk,
            made_by=endpoint.made_by_id,
            **{name: getattr(endpoint, name) for name in _AS_THEY_ARE},
        )


_AS_THEY_ARE = ("name", "url", "topics", "state", "made_at", "rotated_at")

Name = Annotated[str, Field(min_length=1, max_length=100, examples=["Core system"])]
Address = Annotated[
    str, Field(min_length=1, max_length=500, examples=["https://core.example.com/tsunagu"])
]
Wish = Literal[
    "deal.created", "deal.stage", "deal.changed", "deal.ended", "activity.recorded",
    "signal.found", "interruption.decided", "inquiry.answered",
]  # fmt: skip
Wishes = Annotated[
    list[Wish], Field(min_length=1, max_length=20, examples=[["deal.ended"]])
]  # a test compares with the actions' own


class EndpointIn(Said):
    """A new endpoint; it is told what happens from now on."""

    name: Name
    url: Address
    topics: Wishes


class EndpointChanges(Said):
    """What of an endpoint can be changed; what is not sent stays."""

    name: Name = ""
    url: Address = ""
    topics: Wishes = []


class SecretOut(BaseModel):
    """With what messages are signed; keep it as a password."""

    secret: str


class DeliveryOut(Noun):
    """One message for one endpoint."""

    endpoint: int
    message: uuid.UUID = Field(description="Its id over all tries, as the program sees it.")
    topic: Topic
    body: dict[str, Any] = Field(description="What it says.")
    state: DeliveryState
    tries: int
    made_at: datetime
    due_at: datetime | None = Field(description="When it is tried again.")
    delivered_at: datetime | None
    dead_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        """``delivery`` as it is sent."""
        names = set(cls.model_fields) - {"id", "endpoint"}
        return cls(
            id=delivery.pk,
            endpoint=delivery.endpoint_id,
            **{name: getattr(delivery, name) for name in names},
        )


class AttemptOut(Noun):
    """One try."""

    at: datetime
    took: int = Field(description="Milliseconds.")
    status: int | None = Field(description="The answer's; null: there was none.", examples=[503])
    trouble: str = Field(description="Why it failed, in the caller's language.")
    answer: str = Field(description="How the answer began.")

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptOut:
        """``attempt`` as it is sent."""
        return cls(
            id=attempt.pk,
            at=attempt.at,
            took=attempt.took,
            status=attempt.status,
            trouble=attempt.get_trouble_display(),
            answer=attempt.answer,
        )


class DeliveriesWanted(paging.Paged):
    """What an endpoint's log can be asked for; the newest come first."""

    state: DeliveryState | None = None
    topic: Topic | None = None

    def of(self, endpoint: Endpoint) -> QuerySet[Delivery]:
        """Those of ``endpoint``."""
        return queries.log(endpoint, queries.LogFilter(self.state or "", self.topic or ""))


class SentAgain(BaseModel):
    """How many messages wait to be sent again."""

    messages: int


def _endpoints(user: User) -> QuerySet[Endpoint]:
    require(user, "webhooks.configure")
    return Endpoint.objects.filter(removed_at__isnull=True)


def _deliveries(user: User) -> QuerySet[Delivery]:
    rows = Delivery.objects.select_related("endpoint")
    return rows.filter(endpoint__in=_endpoints(user).values("pk"))


@routes.get("/webhooks", response=Listed[EndpointOut], summary=_("List webhook endpoints"))
def list_webhooks(request: HttpRequest, wanted: Query[paging.Paged]) -> HttpResponse:
    return answers.many(request, EndpointOut, paging.page(_endpoints(user_of(request)), wanted))


@routes.get("/webhooks/{pk}", response=EndpointOut, summary=_("One webhook endpoint"))
def get_webhook(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, EndpointOut.of(one_of(_endpoints(user_of(request)), pk)))


@routes.post("/webhooks", response={201: EndpointOut}, summary=_("Add a webhook endpoint"))
def create_webhook(request: HttpRequest, said: EndpointIn) -> HttpResponse:
    made = actions.add(user_of(request), **said.model_dump())
    address = reverse("api:get_webhook", kwargs={"pk": made.pk})
    return answers.one(request, EndpointOut.of(made), made_at=address)


@routes.patch("/webhooks/{pk}", response=EndpointOut, summary=_("Change a webhook endpoint"))
def change_webhook(request: HttpRequest, pk: Id, said: EndpointChanges) -> HttpResponse:
    user = user_of(request)
    endpoint = one_of(locked(_endpoints(user)), pk)
    expect(request, EndpointOut.of(endpoint))
    kept = {name: getattr(endpoint, name) for name in ("name", "url", "topics")}
    changed = actions.change(user, endpoint, **{**kept, **said.given()})
    return answers.one(request, EndpointOut.of(changed))


@routes.delete("/webhooks/{pk}", response={204: None}, summary=_("Remove a webhook endpoint"))
def remove_webhook(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    endpoint = one_of(locked(_endpoints(user)), pk)
    expect(request, EndpointOut.of(endpoint))
    actions.remove(user, endpoint)
    return answers.nothing()


def _step(request: HttpRequest, pk: int, act: Callable[[User, Endpoint], Any]) -> HttpResponse:
    """Do it to the endpoint, and tell how it stands."""
    user = user_of(request)
    act(user, one_of(locked(_endpoints(user)), pk))
    return answers.one(request, EndpointOut.of(_endpoints(user).get(pk=pk)))


@routes.post("/webhooks/{pk}/pause", response=EndpointOut, summary=_("Pause an endpoint"))
def pause_webhook(request: HttpRequest, pk: Id) -> HttpResponse:
    return _step(request, pk, actions.pause)


@routes.post("/webhooks/{pk}/resume", response=EndpointOut, summary=_("Resume an endpoint"))
def resume_webhook(request: HttpRequest, pk: Id) -> HttpResponse:
    return _step(request, pk, actions.resume)


@routes.post("/webhooks/{pk}/rotate", response=EndpointOut, summary=_("Give another secret"))
def rotate_webhook(request: HttpRequest, pk: Id) -> HttpResponse:
    return _step(request, pk, actions.rotate)


@routes.post("/webhooks/{pk}/secret", response=SecretOut, summary=_("Show the secret"))
def show_webhook_secret(request: HttpRequest, pk: Id) -> HttpResponse:
    found = one_of(_endpoints(user_of(request)), pk)
    return answers.secret({"secret": signing.secret(found.salt)})


@routes.post("/webhooks/{pk}/ping", response={201: DeliveryOut}, summary=_("Send a test message"))
def ping_webhook(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    made = actions.ping(user, one_of(locked(_endpoints(user)), pk))
    address = reverse("api:get_delivery", kwargs={"pk": made.pk})
    return answers.one(request, DeliveryOut.of(made), made_at=address)


@routes.post("/webhooks/{pk}/again", response=SentAgain, summary=_("Send what was given up again"))
def send_webhooks_again(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    count = actions.send_again(user, one_of(locked(_endpoints(user)), pk))
    return answers.plain({"messages": count})


@routes.get(
    "/webhooks/{pk}/deliveries", response=Listed[DeliveryOut], summary=_("An endpoint's log")
)
def list_deliveries(request: HttpRequest, pk: Id, wanted: Query[DeliveriesWanted]) -> HttpResponse:
    rows = wanted.of(one_of(_endpoints(user_of(request)), pk))
    return answers.many(request, DeliveryOut, paging.page(rows, wanted, sort="-id"))


@routes.get("/deliveries/{pk}", response=DeliveryOut, summary=_("One message"))
def get_delivery(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, DeliveryOut.of(one_of(_deliveries(user_of(request)), pk)))


@routes.get("/deliveries/{pk}/attempts", response=Listed[AttemptOut], summary=_("Its tries"))
def list_attempts(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    rows = one_of(_deliveries(user_of(request)), pk).attempts.all()
    return answers.many(request, AttemptOut, paging.page(rows, wanted))


@routes.post("/deliveries/{pk}/again", response=DeliveryOut, summary=_("Send a message again"))
def send_delivery_again(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    found = one_of(_deliveries(user), pk)
    actions.send_again(user, found.endpoint, found)
    return answers.one(request, DeliveryOut.of(_deliveries(user).get(pk=pk)))
