"""Customers and contact people entered by hand."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_customer, make_deal

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.people.models import AuditEntry, User


@pytest.fixture
def user(organisation: Organisation) -> User:
    return organisation.representative


def joins(deal: Deal, contact: Contact) -> None:
    last = deal.events.last()
    assert last is not None
    Event.objects.create(
        deal=deal, at=last.recorded_at, kind=Kind.CONTACT, value=contact.external_id
    )


def add(user: User, **data: str) -> Any:
    return browser(user).post("/customers/new/", {"once": str(uuid.uuid4()), **data})


def test_a_customer_is_added_and_opens(user: User) -> None:
    answer = add(user, name="北海精機", industry="製造業", size="300名", region="北海道")

    customer = Customer.objects.get(name="北海精機")
    assert answer.headers["Location"] == f"/customers/{customer.pk}/"
    assert (customer.industry, customer.size, customer.region) == ("製造業", "300名", "北海道")
    entry = AuditEntry.objects.get(action="create_customer", object_id=customer.pk)
    assert entry.actor == user


def test_a_form_sent_twice_adds_one_customer(user: User) -> None:
    once = str(uuid.uuid4())

    answers = [add(user, name="北海精機", once=once) for _ in range(2)]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert Customer.objects.filter(name="北海精機").count() == 1


def test_the_customer_of_the_same_name_is_offered_first(user: User) -> None:
    known = make_customer("Ｈｏｋｋａｉ精機株式会社")

    answer = add(user, name="㈱hokkai精機")

    assert answer.status_code == 422
    assert f'href="/customers/{known.pk}/"' in answer.content.decode()
    assert not Customer.objects.filter(name="㈱hokkai精機").exists()
    assert add(user, name="㈱hokkai精機", another="on").status_code == 302


def test_another_teams_customer_of_the_same_name_is_not_given_away(
    organisation: Organisation, user: User
) -> None:
    hidden = make_customer("北海精機")
    make_deal(organisation.stranger, customer=hidden)

    assert add(user, name="北海精機").status_code == 302


def test_a_customer_is_changed_and_the_change_kept_on_record(
    organisation: Organisation, user: User
) -> None:
    customer = organisation.own.customer

    browser(user).post(f"/customers/{customer.pk}/edit/", {"name": customer.name, "region": "東北"})

    customer.refresh_from_db()
    assert customer.region == "東北"
    entry = AuditEntry.objects.get(action="edit_customer")
    assert (entry.before, entry.after) == ({"region": ""}, {"region": "東北"})


def test_a_contact_is_added_once_and_can_be_written_to_and_called(
    organisation: Organisation, user: User
) -> None:
    customer = organisation.own.customer
    data = {"once": str(uuid.uuid4()), "name": "山田太郎", "email": "Yamada@Example.jp"}
    for _ in range(2):
        browser(user).post(
            f"/customers/{customer.pk}/contacts/new/", {**data, "phone": "（03）1234-5678"}
        )

    contact = Contact.objects.get(customer=customer)
    page = browser(user).get(f"/customers/{customer.pk}/").content.decode()
    assert 'href="mailto:yamada@example.jp"' in page
    assert 'href="tel:0312345678"' in page
    assert AuditEntry.objects.filter(action="add_contact", object_id=contact.pk).count() == 1


def test_a_contact_is_changed_and_the_record_keeps_no_personal_data(
    organisation: Organisation, user: User
) -> None:
    contact = make_contact(organisation.own.customer, "山田太郎")

    browser(user).post(f"/customers/contacts/{contact.pk}/", {"name": "山田次郎", "title": "部長"})

    contact.refresh_from_db()
    assert (contact.name, contact.title) == ("山田次郎", "部長")
    entry = AuditEntry.objects.get(action="edit_contact")
    assert (entry.before, entry.after) == ({}, {"fields": ["name", "title"]})


def test_a_contact_whom_no_fact_names_is_removed(organisation: Organisation, user: User) -> None:
    contact = make_contact(organisation.own.customer)

    browser(user).post(f"/customers/contacts/{contact.pk}/remove/")

    assert not Contact.objects.filter(pk=contact.pk).exists()
    assert AuditEntry.objects.filter(action="remove_contact").exists()


def test_a_contact_whom_a_fact_names_stays(organisation: Organisation, user: User) -> None:
    contact = make_contact(organisation.own.customer)
    joins(organisation.own, contact)

    answer = browser(user).post(f"/customers/contacts/{contact.pk}/remove/", follow=True)

    assert Contact.objects.filter(pk=contact.pk).exists()
    assert "削除できません" in answer.content.decode()


def test_who_left_is_recorded_on_the_running_deals_that_know_the_person(
    organisation: Organisation, user: User
) -> None:
    contact = make_contact(organisation.own.customer, "山田太郎")
    unknowing = make_deal(user, customer=organisation.own.customer)
    joins(organisation.own, contact)

    for _ in range(2):
        browser(user).post(f"/customers/contacts/{contact.pk}/left/")

    left = Event.objects.get(kind=Kind.CONTACT_LEFT)
    assert (left.deal, left.value, left.text) == (organisation.own, contact.external_id, "山田太郎")
    assert not unknowing.events.filter(kind=Kind.CONTACT_LEFT).exists()
    page = browser(user).get(f"/customers/{organisation.own.customer_id}/").content.decode()
    assert "離任" in page
