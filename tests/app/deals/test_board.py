"""The board: stages as columns, cards that move."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_customer, make_deal, make_process, make_user
from tests.app.scores import make_score

from tsunagu.app.deals import actions
from tsunagu.app.deals.board import CARDS
from tsunagu.app.deals.models import Outcome, Stage
from tsunagu.app.people.models import User


def columns(user: User, query: str = "") -> list[Any]:
    return list(browser(user).get(f"/deals/board/?{query}").context["columns"])


def test_columns_count_and_sum_in_the_order_of_the_process(organisation: Organisation) -> None:
    user = organisation.representative
    second = organisation.own.process.stages.all()[1]
    make_deal(user, stage=second, amount=Decimal(100))
    make_deal(user, stage=second, amount=Decimal(50))

    shown = columns(user)

    assert [c.stage.name for c in shown] == ["発掘", "提案", "交渉"]
    assert (shown[1].count, shown[1].total) == (2, 150)
    assert (shown[2].count, shown[2].cards) == (0, [])


def test_the_next_to_close_is_on_top_and_cards_tell_the_risk(organisation: Organisation) -> None:
    user = make_user()
    make_deal(user, title="日付なし")
    make_deal(user, title="後", close_date=date(2027, 2, 1))
    make_score(make_deal(user, title="上", close_date=date(2027, 1, 1)), 0.36)

    assert [card.title for card in columns(user)[0].cards] == ["上", "後", "日付なし"]
    page = browser(user).get("/deals/board/").content.decode()
    assert "36%" in page
    assert "リスク未計算" in page


def test_a_long_column_shows_fifty_and_brings_more(db: Any) -> None:
    user, customer = make_user(), make_customer()
    deals = [make_deal(user, customer=customer) for _ in range(CARDS + 3)]
    client = browser(user)

    page = client.get("/deals/board/").content.decode()
    more = client.get(f"/deals/board/{deals[0].stage_id}/?page=2").content.decode()

    assert page.count("data-deal") == CARDS
    assert f"/deals/board/{deals[0].stage_id}/?page=2" in page
    assert more.count("data-deal") == 3
    assert "さらに表示" not in more


def test_owner_and_team_narrow_the_board(organisation: Organisation) -> None:
    def titles(query: str) -> set[str]:
        return {d.title for c in columns(organisation.head, query) for d in c.cards}

    assert titles(f"owner={organisation.stranger.pk}") == {organisation.foreign.title}
    assert titles(f"team={organisation.south.pk}") == {organisation.foreign.title}
    assert organisation.own.title in titles(f"team={organisation.north.parent_id}")
    assert titles("team=x") == titles("")


def test_a_dropped_card_moves_the_deal(organisation: Organisation) -> None:
    deal = organisation.own
    stage = deal.process.stages.last()

    answer = browser(organisation.representative).post(
        f"/deals/{deal.pk}/drop/", {"stage": stage.pk}
    )

    deal.refresh_from_db()
    assert answer.json() == {"message": "「交渉」に移しました"}
    assert deal.stage == stage


def test_a_move_to_another_process_is_refused_in_words(organisation: Organisation) -> None:
    other = Stage.objects.filter(process=make_process("別")).first()
    assert other is not None

    answer = browser(organisation.representative).post(
        f"/deals/{organisation.own.pk}/drop/", {"stage": other.pk}
    )

    assert answer.status_code == 422
    assert "別の営業プロセス" in answer.json()["message"]


def test_an_ended_deal_stays_where_it_is(organisation: Organisation) -> None:
    user, deal = organisation.representative, organisation.own
    actions.close_deal(user, deal, Outcome.WON)

    answer = browser(user).post(
        f"/deals/{deal.pk}/drop/", {"stage": deal.process.stages.all()[1].pk}
    )

    assert answer.status_code == 422
    assert "終了しています" in answer.json()["message"]


def test_a_colleagues_card_may_be_seen_but_not_moved(organisation: Organisation) -> None:
    deal = organisation.shared

    answer = browser(organisation.representative).post(
        f"/deals/{deal.pk}/drop/", {"stage": deal.process.stages.all()[1].pk}
    )

    assert answer.status_code == 403
    assert "上長" in answer.json()["message"]


def test_ten_deals_and_three_hundred_take_the_same_queries(organisation: Organisation) -> None:
    user, customer = organisation.operations, make_customer()
    stages = list(organisation.own.process.stages.all())

    def grow(number: int) -> None:
        for i in range(number):
            make_score(make_deal(user, customer=customer, stage=stages[i % 3]), 0.2)

    def count() -> int:
        client = browser(user)
        with CaptureQueriesContext(connection) as seen:
            client.get("/deals/board/")
        return len(seen)

    grow(10)
    few = count()
    grow(290)

    assert count() == few
    assert few <= 9 + len(stages)


def test_a_board_without_a_process_says_where_stages_come_from(db: Any) -> None:
    page = browser(make_user()).get("/deals/board/").content.decode()

    assert "段階はまだ登録されていません" in page
