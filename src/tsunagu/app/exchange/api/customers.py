"""Customers and their contact persons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.customers import actions
from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals import contact_actions
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Noun,
    Said,
    chosen,
    locked,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers

routes = Routes(Group.CUSTOMERS, _("Customers"))

SORTS = {"name": "name"}
Sort = Literal["id", "-id", "name", "-name"]
ExternalId = Annotated[str, Field(min_length=1, max_length=200)]


class CustomerOut(Noun):
    """A company or person that we sell to."""

    external_id: str = Field(examples=["C-17"])
    name: str = Field(examples=["Aoba Trading"])
    industry: str
    size: str
    region: str
    attributes: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, customer: Customer) -> CustomerOut:
        """``customer`` as it is sent."""
        return cls(id=customer.pk, **{n: getattr(customer, n) for n in list(cls.model_fields)[1:]})


class CustomersWanted(paging.PagedText):
    """What the list of customers can be asked for."""

    external_id: ExternalId | None = None
    sort: Sort = "id"


class CustomerIn(Said):
    """A new customer."""

    name: str = Field(min_length=1, max_length=200, examples=["Aoba Trading"])
    industry: str = Field(default="", max_length=100)
    size: str = Field(default="", max_length=50)
    region: str = Field(default="", max_length=100)
    attributes: dict[str, Any] = {}
    external_id: ExternalId | None = None


class CustomerChanges(Said):
    """What of a customer can be changed; what is not sent stays."""

    name: str = Field(default="", min_length=1, max_length=200)
    industry: str = Field(default="", max_length=100)
    size: str = Field(default="", max_length=50)
    region: str = Field(default="", max_length=100)
    attributes: dict[str, Any] = {}


@routes.get("/customers", response=Listed[CustomerOut], summary=_("List customers"))
def list_customers(request: HttpRequest, wanted: Query[CustomersWanted]) -> HttpResponse:
    rows = visible_customers(user_of(request))
    if wanted.q:
        rows = rows.filter(name__icontains=wanted.q)
    if wanted.external_id is not None:
        rows = rows.filter(external_id=wanted.external_id)
    found = paging.page(rows, wanted, sort=wanted.sort, columns=SORTS)
    return answers.many(request, CustomerOut, found)


@routes.get("/customers/{pk}", response=CustomerOut, summary=_("One customer"))
def get_customer(request: HttpRequest, pk: Id) -> HttpResponse:
    customer = one_of(visible_customers(user_of(request)), pk)
    return answers.one(request, CustomerOut.of(customer))


@routes.post("/customers", response={201: CustomerOut}, summary=_("Add a customer"))
def create_customer(request: HttpRequest, said: CustomerIn) -> HttpResponse:
    customer = actions.create_customer(user_of(request), **said.model_dump())
    address = reverse("api:get_customer", kwargs={"pk": customer.pk})
    return answers.one(request, CustomerOut.of(customer), made_at=address)


@routes.patch("/customers/{pk}", response=CustomerOut, summary=_("Change a customer"))
def change_customer(request: HttpRequest, pk: Id, said: CustomerChanges) -> HttpResponse:
    user = user_of(request)
    customer = one_of(locked(visible_customers(user)), pk)
    expect(request, CustomerOut.of(customer))
    actions.edit_customer(user, customer, **said.given())
    customer.refresh_from_db()
    return answers.one(request, CustomerOut.of(customer))


class ContactOut(Noun):
    """A person at a customer."""

    external_id: str
    customer: int
    name: str = Field(examples=["Ken Takahashi"])
    title: str
    department: str
    role: str = Field(description="The person's part in the purchase, in the team's words.")
    email: str
    phone: str

    @classmethod
    def of(cls, contact: Contact) -> ContactOut:
        """``contact`` as it is sent."""
        texts = {name: getattr(contact, name) for name in actions.PERSONAL}
        return cls(
            id=contact.pk,
            external_id=contact.external_id,
            customer=contact.customer_id,
            **texts,
        )


class ContactsWanted(paging.PagedText):
    """What the list of contact persons can be asked for."""

    customer: Key | None = None
    external_id: ExternalId | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    sort: Literal["id", "-id"] = "id"

    def of(self, user: User) -> QuerySet[Contact]:
        """Those whose customers ``user`` may see."""
        return narrowed(
            _contacts(user),
            customer=self.customer,
            external_id=self.external_id,
            email=self.email,
            name__icontains=self.q or None,
        )


class Personal(BaseModel):
    """What can be said of a contact person."""

    name: str = Field(default="", min_length=1, max_length=100, examples=["Ken Takahashi"])
    title: str = Field(default="", max_length=100)
    department: str = Field(default="", max_length=100)
    role: str = Field(default="", max_length=50)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)


class ContactIn(Said, Personal):
    """A new contact person."""

    customer: Key
    name: str = Field(min_length=1, max_length=100, examples=["Ken Takahashi"])
    external_id: ExternalId | None = None


class ContactChanges(Said, Personal):
    """What of a contact person can be changed; what is not sent stays."""


class Left(BaseModel):
    """On how many running deals it was noted that the person left."""

    deals: int


def _contacts(user: User) -> QuerySet[Contact]:
    return Contact.objects.filter(customer__in=visible_customers(user).order_by())


@routes.get("/contacts", response=Listed[ContactOut], summary=_("List contact persons"))
def list_contacts(request: HttpRequest, wanted: Query[ContactsWanted]) -> HttpResponse:
    found = paging.page(wanted.of(user_of(request)), wanted, sort=wanted.sort)
    return answers.many(request, ContactOut, found)


@routes.get("/contacts/{pk}", response=ContactOut, summary=_("One contact person"))
def get_contact(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, ContactOut.of(one_of(_contacts(user_of(request)), pk)))


@routes.post("/contacts", response={201: ContactOut}, summary=_("Add a contact person"))
def create_contact(request: HttpRequest, said: ContactIn) -> HttpResponse:
    user = user_of(request)
    customer = chosen(visible_customers(user), said.customer, "customer")
    contact = actions.add_contact(user, customer, **said.model_dump(exclude={"customer"}))
    address = reverse("api:get_contact", kwargs={"pk": contact.pk})
    return answers.one(request, ContactOut.of(contact), made_at=address)


@routes.patch("/contacts/{pk}", response=ContactOut, summary=_("Change a contact person"))
def change_contact(request: HttpRequest, pk: Id, said: ContactChanges) -> HttpResponse:
    user = user_of(request)
    contact = one_of(locked(_contacts(user)), pk)
    expect(request, ContactOut.of(contact))
    actions.edit_contact(user, contact, **said.given())
    contact.refresh_from_db()
    return answers.one(request, ContactOut.of(contact))


@routes.delete("/contacts/{pk}", response={204: None}, summary=_("Remove a contact person"))
def remove_contact(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    contact = one_of(locked(_contacts(user)), pk)
    expect(request, ContactOut.of(contact))
    contact_actions.remove_contact(user, contact)
    return answers.nothing()


@routes.post("/contacts/{pk}/left", response=Left, summary=_("Say that a contact person left"))
def contact_left(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    count = contact_actions.mark_left(user, one_of(_contacts(user), pk))
    return answers.plain({"deals": count})
