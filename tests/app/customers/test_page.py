"""The page of one customer."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_customer, make_deal
from tests.app.scores import make_score

from tsunagu.app.customers.models import Customer
from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Kind
from tsunagu.app.people.models import User


def page(user: User, customer: Customer, query: str = "") -> str:
    return browser(user).get(f"/customers/{customer.pk}/{query}").content.decode()


def count(user: User, customer: Customer) -> int:
    client = browser(user)
    with CaptureQueriesContext(connection) as seen:
        client.get(f"/customers/{customer.pk}/")
    return len(seen)


def test_the_number_of_queries_does_not_grow_with_the_rows(organisation: Organisation) -> None:
    user, customer = organisation.representative, organisation.own.customer
    make_contact(customer)
    actions.log_activity(user, organisation.own, Kind.CALL, direction="both")
    few = count(user, customer)
    for _ in range(25):
        make_contact(customer)
        deal = make_deal(user, customer=customer)
        make_score(deal, 0.3)
        actions.log_activity(user, deal, Kind.CALL, direction="both")

    assert count(user, customer) <= few + 1  # names of those who acted are asked for once
    assert few <= 14


def test_running_deals_come_first_with_risk_and_step(organisation: Organisation) -> None:
    user, deal = organisation.representative, organisation.own
    make_score(deal, 0.36)
    actions.plan_next_step(user, deal, timezone.localdate() + timedelta(days=2))
    ended = make_deal(user, customer=deal.customer)
    actions.close_deal(user, ended, "won")

    shown = page(user, deal.customer)

    assert shown.index(deal.title) < shown.index(ended.title)
    assert "36%" in shown
    assert "高い" in shown


def test_deals_and_activities_of_others_are_not_shown(organisation: Organisation) -> None:
    customer = organisation.own.customer
    hidden = make_deal(organisation.stranger, customer=customer)
    actions.log_activity(organisation.stranger, hidden, Kind.NOTE, text="値引きは2割まで")

    shown = page(organisation.representative, customer)

    assert hidden.title not in shown
    assert "値引きは2割まで" not in shown


def test_activities_of_all_its_deals_stand_newest_first(organisation: Organisation) -> None:
    user, customer = organisation.representative, organisation.own.customer
    other = make_deal(user, customer=customer)
    actions.log_activity(user, organisation.own, Kind.CALL, direction="both", text="先の電話")
    actions.log_activity(user, other, Kind.VISIT, direction="both", text="後の訪問")

    shown = page(user, customer)

    assert shown.index("後の訪問") < shown.index("先の電話")


def test_the_three_lists_turn_their_pages_apart(organisation: Organisation) -> None:
    user = organisation.representative
    customer = make_customer("東都精密")
    deals = [make_deal(user, customer=customer) for _ in range(21)]
    for number in range(21):
        make_contact(customer, f"人物{number:02}")

    shown = page(user, customer, "?people=2")

    assert "人物20" in shown
    assert "人物00" not in shown
    assert deals[0].title in shown
    assert "?people=2&amp;page=2" in shown


def test_a_new_customer_says_what_comes_next(organisation: Organisation) -> None:
    customer = make_customer("北海精機")

    shown = page(organisation.representative, customer)

    assert f"/deals/new/?customer={customer.pk}" in shown
    assert "先方担当者はまだ登録されていません" in shown
    assert "活動はまだありません" in shown
