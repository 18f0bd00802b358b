"""The case's page: evidence, the next action, causes, questions, people and impact."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone, translation
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal, make_user
from tests.app.scores import make_score

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Event, Kind
from tsunagu.app.interruptions import actions, diagnosing, folding, people_to_ask, shipped
from tsunagu.app.interruptions.case_page import CasePage, next_action
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.evidence import FACTS
from tsunagu.app.interruptions.impact import impact
from tsunagu.app.interruptions.models import CauseNote, Interruption, Signal
from tsunagu.app.interruptions.states import DismissReason, State
from tsunagu.app.interruptions.suggesting import suggested
from tsunagu.app.people.models import Role, User


def make_signal(case: Interruption, kind: str, days: int = 3, **fields: Any) -> Signal:
    now = timezone.now()
    values = {
        "found_at": now,
        "seen_at": now,
        "strength": 0.7,
        "measure": 1.0,
        "evidence": {"silent_business_days": 21.0, "last_heard_on": "2026-10-20"},
        "ja": f"{kind}の兆候です",
        "en": f"A sign of {kind}",
        **fields,
    }
    at = now - timedelta(days=days)
    return Signal.objects.create(case=case, deal=case.deal, kind=kind, at=at, **values)


@pytest.fixture
def case(organisation: Organisation) -> Interruption:
    found = folding.begin(organisation.own)
    make_signal(found, "silence")
    return found


def read(user: User, case: Interruption) -> str:
    answer = browser(user).get(f"/interruptions/{case.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_signal_is_told_with_its_facts_the_newest_first_and_those_gone_last(
    organisation: Organisation, case: Interruption
) -> None:
    make_signal(case, "contact_left", days=1, evidence={"contact": "鈴木様"})
    make_signal(case, "budget_named", days=0, gone_at=timezone.now())

    page = read(organisation.representative, case)

    places = [page.index(f"{kind}の兆候") for kind in ("contact_left", "silence", "budget_named")]
    assert places == sorted(places)
    assert "鈴木様" in page
    assert "沈黙した営業日数" in page
    assert "2026年" not in page.partition('id="evidence"')[2].partition('id="course"')[0]
    assert "10月20日(火)" in page


@pytest.mark.parametrize(
    ("state", "answered", "caused", "asked", "acts"),
    [
        (State.SUSPECTED, False, False, False, ("confirm", "dismiss")),
        (State.CONFIRMED, False, False, False, ("causes",)),
        (State.CONFIRMED, False, True, False, ("ask",)),
        (State.CONFIRMED, True, True, True, ("causes",)),
        (State.CONFIRMED, False, True, True, ("respond",)),
        (State.RESPONDING, False, False, False, ("causes",)),
        (State.DISMISSED, True, False, True, ("reopen",)),
        (State.LOST, True, False, True, ()),
    ],
)
def test_one_thing_comes_next(
    state: State, answered: bool, caused: bool, asked: bool, acts: tuple[str, ...]
) -> None:
    found = next_action(state, answered=answered, caused=caused, asked=asked)

    assert (found.acts if found else ()) == acts


def test_who_may_not_decide_is_offered_nothing(
    organisation: Organisation, case: Interruption
) -> None:
    organisation.own.shared = True
    organisation.own.save(update_fields=["shared"])

    page = CasePage(organisation.colleague, Interruption.objects.get(pk=case.pk))

    assert page.next is None
    assert [act.name for act in page.other_acts] == [
        "ask"
    ]  # a teammate of a shared deal may get in touch


def send(user: User, case: Interruption, name: str, **data: Any) -> Any:
    return browser(user).post(f"/interruptions/{case.pk}/{name}/", data)


def test_several_causes_are_set_one_of_them_the_main_one(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative

    answer = send(
        user,
        case,
        "causes",
        main=Cause.BUDGET,
        others=[Cause.SLOW, Cause.MARKET],
        text="電話で確認",
    )

    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.main_cause == Cause.BUDGET
    assert set(case.cause_notes.values_list("cause", flat=True)) == {
        Cause.BUDGET,
        Cause.SLOW,
        Cause.MARKET,
    }
    page = read(user, case)
    assert "主な原因" in page
    assert "電話で確認" in page


def test_other_causes_without_a_main_one_are_refused_in_words(
    organisation: Organisation, case: Interruption
) -> None:
    answer = send(organisation.representative, case, "causes", others=[Cause.SLOW])

    assert answer.status_code == 422
    assert "主な原因" in answer.content.decode()
    assert not case.cause_notes.exists()


def test_a_dismissed_case_is_taken_up_again_from_its_page(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    actions.dismiss(user, case, DismissReason.AGREED)
    page = read(user, case)
    assert "待つ約束" in page or "合意" in page
    assert f'action="/interruptions/{case.pk}/reopen/"' in page


def test_without_a_model_the_signals_suggest_with_their_own_words(case: Interruption) -> None:
    left = make_signal(case, "contact_left", strength=0.9)

    found = suggested([], case.signals.all(), [])

    assert found[0].cause == Cause.CONTACT_LEFT
    assert found[0].evidence == [left.words]
    assert sum(s.probability for s in found) < 1
    assert [s.probability for s in found] == sorted((s.probability for s in found), reverse=True)


def test_what_a_model_suggested_goes_before_the_tables(case: Interruption) -> None:
    told = [{"ja": "「決算期のため」", "en": "“決算期のため”"}]
    CauseNote.objects.create(case=case, cause=Cause.SEASON, probability=0.8, evidence=told)

    [found] = suggested(CauseNote.objects.all(), case.signals.all(), [])

    assert (found.cause, found.learned) == (Cause.SEASON, True)
    assert found.probability == pytest.approx(0.8)
    assert found.evidence == ["「決算期のため」"]


def test_every_fact_of_a_signal_has_its_words() -> None:
    from tsunagu.analytics.detection.phrases import EVIDENCE

    assert {name for names in EVIDENCE.values() for name in names.values()} == set(FACTS)


def test_the_shipped_tables_know_every_cause_and_signal() -> None:
    from tsunagu.analytics.contracts import SignalKind

    assert set(shipped.signal_causes()) == {kind.value for kind in SignalKind}
    assert set(shipped.questions()) == {"any", *Cause.values}
    tables = [*shipped.signal_causes().values(), *(c.causes for c in shipped.choices().values())]
    for shares in tables:
        assert set(shares) <= set(Cause.values)
        assert sum(shares.values()) <= 1
    keys = [phrase.key for asked in shipped.questions().values() for phrase in asked]
    assert len(keys) == len(set(keys))


def test_a_question_is_answered_on_the_case_and_noted_on_the_deal(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    actions.confirm(user, case, main=Cause.BUDGET)
    before = CasePage(user, Interruption.objects.get(pk=case.pk)).unanswered

    answer = send(user, case, "questions/budget_size", text="来期に300万円の見込み")

    assert answer.status_code == 302
    assert CasePage(user, Interruption.objects.get(pk=case.pk)).unanswered == before - 1
    assert "来期に300万円の見込み" in read(user, case)
    note = organisation.own.events.get(kind=Kind.NOTE)
    assert "使える予算" in (note.text or "")
    assert "300万円" in (note.text or "")


def test_an_unknown_or_empty_answer_is_refused(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    assert send(user, case, "questions/nothing", text="x").status_code == 404
    assert send(user, case, "questions/changed", text=" ").status_code == 422
    with pytest.raises(ValidationError):
        diagnosing.record_finding(user, case, "nothing", "x")
    with pytest.raises(PermissionDenied):
        diagnosing.record_finding(organisation.stranger, case, "changed", "x")


def test_people_to_ask_are_the_contacts_the_former_owner_and_the_manager(
    organisation: Organisation,
) -> None:
    deal = organisation.own
    for key, name in (("K1", "鈴木様"), ("K2", "田中様"), ("K3", "高橋様")):
        Contact.objects.create(customer=deal.customer, external_id=key, name=name)
    for kind, key, days in ((Kind.CONTACT, "K2", 9), (Kind.CONTACT_LEFT, "K3", 5)):
        at = timezone.now() - timedelta(days=days)
        Event.objects.create(deal=deal, kind=kind, value=key, at=at)
    deal_actions.change_owner(organisation.manager, deal, organisation.colleague)

    with translation.override("en"):
        found = {person.name: str(person.role) for person in people_to_ask.people(deal)}

    assert found == {
        "田中様": "Contact on this deal",
        "高橋様": "Contact on this deal, left",
        "鈴木様": "At the customer",
        organisation.representative.name: "Former owner",
        organisation.manager.name: "Manager",
    }


def test_impact_is_value_gap_and_the_visible_deals_near(organisation: Organisation) -> None:
    user, deal = organisation.representative, organisation.own
    deal_actions.change_amount(user, deal, Decimal(1_000_000))
    other = make_deal(user, customer=deal.customer, amount=Decimal(3_000_000))
    hidden = make_deal(organisation.stranger, customer=deal.customer, amount=Decimal(9))
    make_score(deal, 0.5)
    make_score(other, 0.0)
    case = folding.begin(deal)

    found = impact(user, Interruption.objects.select_related("deal__owner").get(pk=case.pk))

    assert found.value == 1_000_000
    assert (found.gaps[0].name, found.gaps[0].whole, found.gaps[0].without) == (
        user.name,
        3_500_000,
        3_000_000,
    )
    near = {str(t.label): (t.count, [d.pk for d in t.deals]) for t in found.touched}
    with translation.override("ja"):
        assert near["同じ顧客"] == (1, [other.pk])
    assert hidden.pk not in {pk for _count, ids in near.values() for pk in ids}


def test_more_deals_of_the_same_owner_than_fit_are_behind_a_link(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    for _deal in range(6):
        make_deal(user)

    page = read(user, case)

    assert f'/deals/?owner={user.pk}"' in page
    assert "6件" in page


def test_same_product_against_the_same_competitor_and_same_contact_are_found(
    organisation: Organisation,
) -> None:
    user = organisation.manager
    facts = [(Kind.COMPETITOR, "ライバル社"), (Kind.CONTACT, "K1")]
    first, second, third = (
        make_deal(organisation.representative, attributes={"product": p}) for p in ("A", "A", "B")
    )
    first.customer_id = second.customer_id
    first.save(update_fields=["customer"])
    for deal in (first, second, third):
        for kind, value in facts:
            at = timezone.now() + timedelta(microseconds=deal.pk)
            Event.objects.create(
                deal=deal, kind=kind, value=value, at=at + timedelta(seconds=len(value))
            )
    case = folding.begin(first)

    found = impact(user, case)

    near = {str(t.label): [d.pk for d in t.deals] for t in found.touched}
    assert near["同じ商品・同じ競合"] == [second.pk]
    assert near["同じ顧客側の担当者"] == [second.pk]


@pytest.fixture
def crowded(organisation: Organisation, case: Interruption) -> Interruption:
    """Many of everything."""
    user, deal = organisation.representative, organisation.own
    actions.confirm(user, case, main=Cause.BUDGET, others=[Cause.SLOW, Cause.MARKET])
    for number in range(12):
        make_signal(case, "budget_named", days=number)
        make_deal(user, customer=deal.customer, attributes={"product": "A"})
        contact = Contact.objects.create(
            customer=deal.customer, external_id=f"K{number}", name=f"担当{number}"
        )
        diagnosing.ask_customer(user, case, "ja", contact)
        make_user(Role.MANAGER, organisation.north)
        diagnosing.record_finding(user, case, "budget_size", f"回答{number}")
    return case


def queries(client: Client, case: Interruption, counter: Any) -> int:
    with counter() as counted:
        assert client.get(f"/interruptions/{case.pk}/").status_code == 200
    return len(counted)


def test_the_page_asks_the_database_equally_often_however_much_there_is(
    organisation: Organisation, crowded: Interruption
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = browser(organisation.representative)
    small = folding.begin(make_deal(organisation.representative))
    make_signal(small, "silence")
    actions.confirm(organisation.representative, small)
    counts = [
        queries(client, found, lambda: CaptureQueriesContext(connection))
        for found in (small, crowded)
    ]

    assert counts[1] <= counts[0] + 4  # facts name people; words and stage are looked for
    assert counts[1] <= 56  # each part of the workspace asks for its own


def test_the_chart_has_a_lane_of_signals_above_the_facts(
    organisation: Organisation, case: Interruption
) -> None:
    answer = browser(organisation.representative).get(f"/interruptions/{case.pk}/chart/").json()

    assert answer["lanes"][0] == "兆候"
    [mark] = [event for event in answer["events"] if event.get("signal")]
    assert (mark["lane"], mark["text"]) == (0, "silenceの兆候です")
    plain = browser(organisation.representative).get(f"/deals/{case.deal_id}/chart/").json()
    assert answer["lanes"][1:] == plain["lanes"]
    assert len(answer["events"]) == len(plain["events"]) + 1
