"""A deal's page: its risk, its course, its history in words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal, make_user
from tests.app.scores import make_points, make_score

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals import actions, history
from tsunagu.app.deals.models import Deal, Event, Kind, Outcome
from tsunagu.app.people.models import User


def page(user: User, deal: Deal, query: str = "") -> str:
    return browser(user).get(f"/deals/{deal.pk}/?{query}").content.decode()


def test_history_tells_names_days_and_what_stood_before(organisation: Organisation) -> None:
    user, deal = organisation.manager, organisation.own
    actions.change_amount(user, deal, Decimal(5_000_000))
    actions.change_amount(user, deal, Decimal(4_000_000))
    actions.change_close_date(user, deal, date(2099, 11, 23))
    actions.move_stage(user, deal, deal.process.stages.all()[1])
    actions.change_owner(user, deal, organisation.colleague)
    actions.plan_next_step(user, deal, date(2099, 11, 24))

    text = " ".join(page(user, deal).split())

    assert "500万円 → 400万円" in text
    assert "2099年11月23日(月)" in text
    assert "発掘 → 提案" in text
    assert organisation.colleague.name in text
    assert organisation.colleague.external_id not in text
    assert "2099-11-2" not in text.replace('value="2099', "")


def test_the_customers_people_are_called_by_the_names_that_their_own_customer_has(
    organisation: Organisation,
) -> None:
    deal, other = organisation.own, organisation.foreign
    Contact.objects.create(customer=deal.customer, external_id="K1", name="鈴木一郎")
    Contact.objects.create(customer=other.customer, external_id="K1", name="別人")
    at = timezone.now()
    facts = [
        Event(deal=deal, kind=Kind.CONTACT, value="K1", at=at),
        Event(deal=deal, kind=Kind.EMAIL, direction="in", actor="K1", at=at),
        Event(deal=other, kind=Kind.CONTACT_LEFT, value="K1", at=at),
        Event(deal=deal, kind=Kind.CONTACT, value="K2", at=at),
    ]

    told = history.tell(facts)

    assert [fact.name or fact.who for fact in told] == ["鈴木一郎", "鈴木一郎", "別人", "K2"]


def test_the_risk_stands_with_word_reasons_and_source(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    make_score(deal, 0.55)
    make_points(deal, 0.4)

    text = page(user, deal)

    assert "55%" in text
    assert "非常に高い" in text
    assert "連絡が途絶えています" in text
    assert "打ち合わせが3回です" in text
    assert "計算の根拠" in text


def test_a_deal_without_a_score_says_so(db: Any) -> None:
    user = make_user()

    assert "リスクはまだ計算されていません" in page(user, make_deal(user))


def test_an_ended_deal_offers_no_change(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    actions.close_deal(user, deal, Outcome.LOST, reason="価格")

    text = page(user, deal)

    assert "失注" in text
    assert f"/deals/{deal.pk}/end/" not in text
    assert f"/deals/{deal.pk}/move/" not in text


@pytest.mark.parametrize(
    ("value", "words"),
    [("play:joint_visit", "上司との同行訪問"), ("play:own_idea", "own idea"), ("Golf", "Golf")],
)
def test_history_tells_a_play_in_words(organisation: Organisation, value: str, words: str) -> None:
    deal = organisation.own
    Event.objects.create(deal=deal, at=timezone.now(), kind=Kind.ACTIVITY, value=value)
    text = page(organisation.representative, deal)
    assert words in text
    assert "play:" not in text


def test_history_shows_activities_or_changes_alone(db: Any) -> None:
    user = make_user()
    deal = make_deal(user, amount=Decimal(10))
    actions.log_activity(user, deal, Kind.CALL, direction="both")

    def kinds(show: str) -> set[str]:
        answer = browser(user).get(f"/deals/{deal.pk}/?show={show}")
        return {told.event.kind for told in answer.context["told"]}

    assert kinds("activities") == {Kind.CALL}
    assert kinds("changes") == {Kind.STAGE, Kind.AMOUNT}
    assert kinds("") == {Kind.CALL, Kind.STAGE, Kind.AMOUNT}


def test_the_chart_gets_lanes_events_and_the_risk_curve(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    actions.log_activity(user, deal, Kind.EMAIL, direction="in", text="見積もりの依頼")
    make_points(deal, 0.2, 0.3)

    data = browser(user).get(f"/deals/{deal.pk}/chart/").json()

    assert data["lanes"] == ["メール", "段階"]
    assert [risk for _on, risk in data["risk"]] == [20, 30]
    assert {"lane": 0, "from": "in", "text": "見積もりの依頼"}.items() <= data["events"][-1].items()


def test_more_facts_take_no_more_queries(organisation: Organisation) -> None:
    user, deal = organisation.manager, organisation.own
    make_score(deal, 0.2)

    def count() -> int:
        client = browser(user)
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/deals/{deal.pk}/")
        return len(seen)

    actions.plan_next_step(user, deal, timezone.localdate() + timedelta(days=3))
    few = count()
    for i in range(80):
        actions.log_activity(user, deal, Kind.NOTE, text=str(i))

    assert count() <= few
    assert few <= 16


STEPS = [
    {
        "step": "talk",
        "before": 0.41,
        "after": 0.23,
        "ja": "今週、お客様と双方向のやり取りをする",
        "en": "A two-way contact with the customer this week",
    }
]


def verdicts(said: str) -> list[str]:
    return ["holds", "holds", said, "not_enough_evidence", "not_enough_evidence"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("breaks_off", "途切れる案件に近い状態"),
        ("holds", "途切れない案件に近い状態"),
        ("not_enough_evidence", "材料が足りず、判断できません"),
    ],
)
def test_what_can_be_said_of_the_next_30_days_stands_in_words(
    db: Any, said: str, words: str
) -> None:
    user = make_user()
    deal = make_deal(user)
    make_score(deal, 0.41, verdicts=verdicts(said))
    assert f"{words}</p>" in page(user, deal)


def test_a_next_step_says_from_what_to_what_and_that_it_is_an_association(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    make_score(deal, 0.41, next_steps=STEPS)

    text = page(user, deal)

    assert "今週、お客様と双方向のやり取りをする" in text
    assert "41% → 23%" in text
    assert "効果を証明するものではありません" in text
    User.objects.filter(pk=user.pk).update(language="en")
    english = page(user, deal)
    assert "A two-way contact with the customer this week" in english
    assert "not a proven effect" in english


def test_an_outside_score_says_neither_and_neither_costs_a_query(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    client = browser(user)
    make_score(deal, 0.41)
    client.get(f"/deals/{deal.pk}/")
    with CaptureQueriesContext(connection) as plain:
        text = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "told-" not in text
    assert 'class="calmer"' not in text
    make_score(deal, 0.41, verdicts=verdicts("holds"), next_steps=STEPS)
    with CaptureQueriesContext(connection) as more:
        client.get(f"/deals/{deal.pk}/")
    assert len(more) == len(plain)


def test_who_may_not_see_the_deal_sees_no_step_of_it(organisation: Organisation) -> None:
    make_score(organisation.own, 0.41, verdicts=verdicts("holds"), next_steps=STEPS)
    stranger = browser(make_user())
    assert stranger.get(f"/deals/{organisation.own.pk}/").status_code == 404


def test_what_lowers_a_risk_never_stands_under_what_raises_it(db: Any) -> None:
    user = make_user()
    deal = make_deal(user)
    calm = {"group": "talks", "contribution": -0.3, "ja": "打ち合わせが3回です", "en": "3 meetings"}
    make_score(deal, 0.04, reasons=[calm])

    text = page(user, deal)

    assert text.count("打ち合わせが3回です") == 1
    assert "リスクを高めている要因" not in text
