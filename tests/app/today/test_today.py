"""Today: the deals that need a person, most worthwhile first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_customer, make_deal, make_user
from tests.app.scores import make_points, make_score

from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Kind, Outcome
from tsunagu.app.people.models import User
from tsunagu.app.today.queries import PAGE_SIZE


def page(user: User, query: str = "") -> str:
    return browser(user).get(f"/today/?{query}").content.decode()


def titles(user: User, query: str = "") -> list[str]:
    shown = browser(user).get(f"/today/?{query}").context
    return [line.deal.title for line in [*shown["scored"], *shown["unscored"]]]


def test_the_most_worthwhile_comes_first_and_deals_without_a_score_last(db: Any) -> None:
    user = make_user()
    make_deal(user, title="未計算")
    make_score(make_deal(user, title="小"), 0.9, worth=1)
    make_score(make_deal(user, title="大"), 0.2, worth=100)

    assert titles(user) == ["大", "小", "未計算"]
    assert "以下の1件はリスクが未計算" in page(user)


def test_only_running_deals_of_the_person_are_shown(organisation: Organisation) -> None:
    user = organisation.representative
    ended = make_deal(user)
    actions.close_deal(user, ended, Outcome.WON)

    assert titles(user) == [organisation.own.title]


def test_a_line_says_how_risky_and_where_it_goes_and_why(db: Any) -> None:
    user = make_user()
    deal = make_deal(user, amount=Decimal(12_340_000))
    make_score(deal, 0.36, previous_risk_30=0.28)
    make_points(deal, 0.30, 0.24, 0.28)

    shown = page(user)

    assert "36%" in shown
    assert "高い" in shown
    assert "1,234万円" in shown
    assert "上昇 +12ポイント" in shown
    assert "リスク +8ポイント" in shown
    assert "連絡が途絶えています" in shown
    assert "打ち合わせが3回です" not in shown  # it speaks against the risk


def test_the_same_in_english(db: Any) -> None:
    user = make_user(language="en")
    deal = make_deal(user, amount=Decimal(12_340_000))
    make_score(deal, 0.36)
    make_points(deal, 0.24)

    shown = page(user)

    assert "¥12,340,000" in shown
    assert "high" in shown
    assert "rising +12 points" in shown
    assert "Silent" in shown
    assert "No next step" in shown


def test_what_happened_since_yesterday_is_told_and_older_things_are_not(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    now = timezone.now()
    actions.log_activity(user, deal, Kind.EMAIL, direction="in", at=now - timedelta(hours=1))
    actions.log_activity(user, deal, Kind.VISIT, direction="in", at=now - timedelta(days=3))

    [line] = browser(user).get("/today/").context["unscored"]

    assert [told.event.kind for told in line.news] == [Kind.EMAIL]
    assert "顧客から" in page(user)


@pytest.mark.parametrize(("language", "words"), [("ja", "予算の見直し"), ("en", "Budget reviewed")])
def test_why_a_sale_was_interrupted_is_told_in_the_readers_language(
    db: Any, language: str, words: str
) -> None:
    user = make_user(language=language)
    actions.record_interruption(user, make_deal(user), "customer.budget_reviewed")

    assert words in page(user)
    assert "customer.budget_reviewed" not in page(user)


def test_a_cause_that_came_in_words_of_its_own_stays_as_it_is(db: Any) -> None:
    user = make_user()
    actions.record_interruption(user, make_deal(user), "担当者の異動")

    assert "担当者の異動" in page(user)


def test_the_next_step_stands_with_its_words_or_is_missed(db: Any) -> None:
    user = make_user()
    planned = make_deal(user)
    assert "次の予定がありません" in page(user)

    actions.plan_next_step(user, planned, timezone.localdate(), text="デモ")

    assert "次の予定がありません" not in page(user)
    assert "デモ" in page(user)


def test_the_one_action_is_to_log_and_after_that_to_plan(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    assert f'btn-primary" href="/deals/{deal.pk}/log/"' in page(user)

    actions.log_activity(user, deal, Kind.CALL, direction="both")

    assert f'btn-primary" href="/deals/{deal.pk}/plan/"' in page(user)


def count(user: User) -> int:
    client = browser(user)
    with CaptureQueriesContext(connection) as seen:
        client.get("/today/")
    return len(seen)


def test_ten_deals_and_three_hundred_take_the_same_queries(organisation: Organisation) -> None:
    user, customer = organisation.manager, make_customer()

    def grow(number: int) -> None:
        for i in range(number):
            deal = make_deal(user, customer=customer)
            make_score(deal, 0.1 + i / 1000)
            make_points(deal, 0.1, 0.2)

    grow(10)
    few = count(user)
    grow(290)

    assert count(user) == few
    assert few <= 15


def test_many_deals_come_in_pages(db: Any) -> None:
    user, customer = make_user(), make_customer()
    for _ in range(PAGE_SIZE + 1):
        make_deal(user, customer=customer)

    assert len(titles(user)) == PAGE_SIZE
    assert len(titles(user, "page=2")) == 1


def test_a_manager_opens_the_today_of_a_member_only(organisation: Organisation) -> None:
    manager, member = organisation.manager, organisation.colleague

    assert set(titles(manager, f"member={member.pk}")) == {
        organisation.shared.title,
        organisation.unshared.title,
    }
    outside = browser(manager).get(f"/today/?member={organisation.stranger.pk}")
    assert outside.status_code == 404


def test_a_representative_opens_nobody_elses_today(organisation: Organisation) -> None:
    other = organisation.colleague.pk

    assert browser(organisation.representative).get(f"/today/?member={other}").status_code == 404


@pytest.mark.parametrize("query", ["member=x", "member=", "page=zz", "page=-1"])
def test_nonsense_in_the_address_is_no_error(organisation: Organisation, query: str) -> None:
    assert browser(organisation.representative).get(f"/today/?{query}").status_code == 200


def test_an_empty_day_says_what_to_do(organisation: Organisation) -> None:
    assert "担当している進行中の案件はありません" in page(make_user())
    assert "チームを見る" in page(organisation.operations)


def test_a_card_looks_again_while_its_new_score_is_on_the_way(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    score = make_score(deal, 0.3, stale=True)
    client = browser(user)

    assert "load delay" in client.get(f"/today/{deal.pk}/").content.decode()
    assert "load delay" not in client.get(f"/today/{deal.pk}/?look=9").content.decode()
    score.stale = False
    score.save()
    assert "load delay" not in client.get(f"/today/{deal.pk}/").content.decode()


def test_the_card_of_an_ended_deal_vanishes(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    actions.close_deal(user, deal, Outcome.WON)

    answer = browser(user).get(f"/today/{deal.pk}/")

    assert answer.status_code == 200
    assert answer.content == b""


def test_the_day_begins_with_today(organisation: Organisation) -> None:
    assert browser(organisation.representative).get("/").headers["Location"] == "/today/"
