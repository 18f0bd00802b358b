"""The list of deals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_customer, make_deal, make_user

from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Outcome
from tsunagu.app.lists import PAGE_SIZE
from tsunagu.app.people.models import User


def titles(user: User, query: str = "", **headers: str) -> list[str]:
    answer = browser(user).get(f"/deals/?{query}", headers=headers)
    return [deal.title for deal in answer.context["page"]]


def queries(user: User) -> int:
    client = browser(user)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        client.get("/deals/")
    return len(seen)


def test_the_number_of_queries_does_not_grow_with_the_rows(organisation: Organisation) -> None:
    few = queries(organisation.operations)
    for _ in range(30):
        make_deal(make_user(team=organisation.north), amount=Decimal(100))

    assert queries(organisation.operations) == few
    assert few <= 6


def test_running_deals_come_by_close_date_those_without_last(organisation: Organisation) -> None:
    user = make_user(team=organisation.north)
    make_deal(user, title="後", close_date=date(2026, 12, 9))
    make_deal(user, title="なし")
    make_deal(user, title="先", close_date=date(2026, 11, 30))

    assert titles(user, f"owner={user.pk}") == ["先", "後", "なし"]
    assert titles(user, f"owner={user.pk}&sort=-close") == ["後", "先", "なし"]


def test_text_finds_titles_and_customers(organisation: Organisation) -> None:
    user = make_user()
    make_deal(user, title="検査装置", customer=make_customer("東都精密"))
    make_deal(user, title="保守契約", customer=make_customer("みどり食品"))

    assert titles(user, "q=検査") == ["検査装置"]
    assert titles(user, "q=みどり") == ["保守契約"]


@pytest.mark.parametrize("address", ["/deals/", "/deals/board/", "/today/"])
def test_what_people_wrote_is_shown_as_they_wrote_it(db: Any, address: str) -> None:
    user = make_user(name="<i>佐藤</i>")
    make_deal(user, title="<script>x</script>", customer=make_customer("A & B"))

    shown = browser(user).get(address).content.decode()

    assert "&lt;script&gt;x&lt;/script&gt;" in shown
    assert "A &amp; B" in shown
    assert "<script>x" not in shown
    assert "<i>佐藤" not in shown


def test_stage_owner_and_status_narrow_the_list(organisation: Organisation) -> None:
    user, process = organisation.representative, organisation.own.process
    second = process.stages.all()[1]
    moved = make_deal(user, stage=second)
    ended = make_deal(user)
    actions.close_deal(user, ended, Outcome.LOST, reason="価格")

    assert titles(user, f"stage={second.pk}") == [moved.title]
    assert titles(user, f"owner={organisation.colleague.pk}") == [organisation.shared.title]
    assert titles(user, "status=ended") == [ended.title]
    assert ended.title in titles(user, "status=all")


@pytest.mark.parametrize(
    "query",
    ["stage=x&owner=-1&page=zz&sort=;drop", "stage=99999999999999999999", "page=0", "q=%00"],
)
def test_nonsense_in_the_address_is_no_error(organisation: Organisation, query: str) -> None:
    answer = browser(organisation.operations).get(f"/deals/?{query}")

    assert answer.status_code == 200


def test_many_rows_come_in_pages(organisation: Organisation) -> None:
    user = make_user()
    customer = make_customer()
    for _ in range(PAGE_SIZE + 1):
        make_deal(user, customer=customer)

    assert len(titles(user)) == PAGE_SIZE
    assert len(titles(user, "page=2")) == 1


def test_htmx_gets_only_the_rows(organisation: Organisation) -> None:
    client = browser(organisation.operations)

    part = client.get("/deals/", headers={"HX-Request": "true"})

    assert part.content.decode().lstrip().startswith('<div id="rows">')
    assert "HX-Request" in part.headers["Vary"]


def test_an_empty_list_says_what_to_do(db: Any) -> None:
    user = make_user()

    assert "進行中の案件はまだありません" in browser(user).get("/deals/").content.decode()
    assert "該当する案件はありません" in browser(user).get("/deals/?q=x").content.decode()
