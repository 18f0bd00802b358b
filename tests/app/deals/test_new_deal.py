"""A deal is begun by hand."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_customer, make_process, make_user

from tsunagu.app.customers.models import Customer
from tsunagu.app.deals.models import Deal, Kind
from tsunagu.app.people.models import AuditEntry, Role, User


def begin(organisation: Organisation, user: User | None = None, **data: str) -> Any:
    user = user or organisation.representative
    data = {
        "once": str(uuid.uuid4()),
        "title": "新しい商談",
        "owner": str(user.pk),
        "stage": str(organisation.own.stage_id),
        **data,
    }
    return browser(user).post("/deals/new/", data)


def begun() -> Deal:
    return Deal.objects.get(title="新しい商談")


def test_a_deal_is_begun_with_all_that_is_known_and_opens(organisation: Organisation) -> None:
    customer = organisation.own.customer
    day = timezone.localdate() + timedelta(days=3)

    answer = begin(
        organisation,
        name=customer.name,
        customer=str(customer.pk),
        amount="1200000",
        close_date="2027-03-31",
        next_on=day.isoformat(),
        next_text="初回訪問",
    )

    deal = begun()
    assert answer.headers["Location"] == f"/deals/{deal.pk}/"
    assert (deal.customer, deal.amount, deal.owner) == (
        customer,
        Decimal(1_200_000),
        organisation.representative,
    )
    assert (deal.next_step_on, deal.stage_id) == (day, organisation.own.stage_id)
    assert deal.events.get(kind=Kind.PLANNED).text == "初回訪問"


def test_a_new_customer_is_created_on_the_way(organisation: Organisation) -> None:
    begin(organisation, name="北海精機", customer="new")

    customer = Customer.objects.get(name="北海精機")
    assert begun().customer == customer
    assert AuditEntry.objects.filter(action="create_customer", object_id=customer.pk).exists()


def test_a_form_sent_twice_begins_one_deal_with_one_customer(organisation: Organisation) -> None:
    once = str(uuid.uuid4())

    first = begin(organisation, name="北海精機", customer="new", once=once)
    second = begin(organisation, name="北海精機", customer="new", once=once)

    assert second.headers["Location"] == first.headers["Location"]
    assert Customer.objects.filter(name="北海精機").count() == 1
    assert begun()


def test_somebody_elses_form_key_leads_to_no_deal_of_theirs(organisation: Organisation) -> None:
    once = str(uuid.uuid4())
    first = begin(organisation, name="北海精機", customer="new", once=once)

    second = begin(organisation, organisation.stranger, name="南洋", customer="new", once=once)

    assert second.headers["Location"] != first.headers["Location"]


@pytest.mark.parametrize(
    "written", ["株式会社東都精密", "㈱東都精密", "東都精密", "（株）東都 精密"]
)
def test_a_customer_of_the_same_name_is_offered_before_a_second_is_made(
    organisation: Organisation, written: str
) -> None:
    known = make_customer("東都精密株式会社")

    answer = begin(organisation, name=written, customer="new")

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "同じ名前の顧客がすでに登録されています" in page
    assert f'value="{known.pk}" checked' in page
    begin(organisation, name=written, customer="another")
    assert begun().customer != known


def test_a_choice_that_no_longer_fits_what_is_written_is_asked_again(
    organisation: Organisation,
) -> None:
    other = make_customer("西日本商事")

    answer = begin(organisation, name="北海精機", customer=str(other.pk))

    assert answer.status_code == 422
    assert not Deal.objects.filter(title="新しい商談").exists()


def test_a_customer_whom_one_may_not_see_is_neither_offered_nor_taken(
    organisation: Organisation,
) -> None:
    hidden = organisation.foreign.customer
    client = browser(organisation.representative)

    offered = client.get("/deals/new/customers/", {"name": hidden.name}).content.decode()
    taken = begin(organisation, name=hidden.name, customer=str(hidden.pk))

    assert f'value="{hidden.pk}"' not in offered
    assert taken.status_code == 422


def test_a_search_offers_few_of_many_and_asks_constantly(organisation: Organisation) -> None:
    client = browser(organisation.representative)
    make_customer("東洋1")
    counts = []
    for more in (0, 20):
        for number in range(more):
            make_customer(f"東洋紡績{number}")
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/deals/new/customers/", {"name": "東洋"}).content.decode()
        counts.append(len(seen))

    assert counts[0] == counts[1]
    assert page.count('name="customer"') == 9
    assert "ほかにも該当する顧客があります" in page


def test_a_representative_begins_deals_for_nobody_else(organisation: Organisation) -> None:
    colleague = organisation.colleague

    answer = begin(organisation, name="北海精機", customer="new", owner=str(colleague.pk))

    assert answer.status_code == 422
    assert not Customer.objects.filter(name="北海精機").exists()


@pytest.mark.parametrize("who", ["manager", "head", "operations", "administrator"])
def test_leaders_begin_deals_for_their_people(organisation: Organisation, who: str) -> None:
    user, owner = getattr(organisation, who), organisation.colleague

    begin(organisation, user, name="北海精機", customer="new", owner=str(owner.pk))

    assert begun().owner == owner


def test_a_manager_begins_no_deal_for_another_branch(organisation: Organisation) -> None:
    stranger = str(organisation.stranger.pk)

    answer = begin(
        organisation, organisation.manager, name="北海精機", customer="new", owner=stranger
    )

    assert answer.status_code == 422


def test_the_stage_says_the_process(organisation: Organisation) -> None:
    other = make_process("更新")
    stage = other.stages.all()[1]

    begin(organisation, name="北海精機", customer="new", stage=str(stage.pk))

    assert (begun().process, begun().stage) == (other, stage)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"next_text": "訪問"}, "日付を選んでください"),
        ({"next_on": "2020-01-01"}, "今日以降"),
        ({"amount": "-1"}, "0"),
        ({"customer": ""}, "どの顧客か選んでください"),
        ({"customer": "\x00", "once": "\x00"}, "どの顧客か選んでください"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    organisation: Organisation, data: dict[str, str], words: str
) -> None:
    answer = begin(organisation, **{"name": "北海精機", "customer": "new", **data})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Customer.objects.filter(name="北海精機").exists()


def test_from_a_customers_page_the_customer_is_chosen(organisation: Organisation) -> None:
    customer = organisation.own.customer

    page = browser(organisation.representative).get(f"/deals/new/?customer={customer.pk}")

    assert f'value="{customer.pk}" checked' in page.content.decode()


def test_without_a_process_the_page_says_who_adds_one(db: None) -> None:
    page = browser(make_user(Role.OPERATIONS)).get("/deals/new/").content.decode()

    assert "/settings/processes/" in page
    assert '<input type="search" name="name"' not in page
