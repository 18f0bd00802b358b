"""The list of customers."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_customer, make_deal, make_user

from tsunagu.app.customers import queries
from tsunagu.app.people.models import User


def count(user: User) -> int:
    client = browser(user)
    with CaptureQueriesContext(connection) as seen:
        client.get("/customers/")
    return len(seen)


def test_the_number_of_queries_does_not_grow_with_the_rows(organisation: Organisation) -> None:
    few = count(organisation.manager)
    for _ in range(30):
        make_deal(organisation.colleague)

    assert count(organisation.manager) == few
    assert few <= 7


def test_only_deals_that_one_may_see_are_counted(organisation: Organisation) -> None:
    customer = make_customer("東都精密")
    make_deal(organisation.representative, customer=customer, amount=Decimal(500))
    make_deal(organisation.stranger, customer=customer, amount=Decimal(900))

    found = queries.customer_list(organisation.representative, "東都", "name").get()

    assert (found.open_deals, found.open_amount) == (1, Decimal(500))


def test_an_empty_list_says_what_to_do(db: None) -> None:
    page = browser(make_user()).get("/customers/").content.decode()

    assert "顧客はまだ登録されていません" in page
