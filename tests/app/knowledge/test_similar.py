"""Similar past cases: the likest first, in words, and other teams' without a name."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from tests.app.factories import Organisation, make_customer, make_deal

from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import actions
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import profiles
from tsunagu.app.knowledge.models import CaseProfile
from tsunagu.app.knowledge.similar import people_who_resumed, similar_cases
from tsunagu.app.people.models import User

pytestmark = pytest.mark.django_db


def deal_of(owner: User, industry: str = "製造", amount: int = 1_000_000, **fields: Any) -> Deal:
    deal = make_deal(owner, customer=make_customer(industry=industry, size="大"), **fields)
    deal_actions.change_amount(owner, deal, Decimal(amount))
    deal.refresh_from_db()
    return deal


def past(owner: User, cause: str, note: str = "", text: str = "", **fields: Any) -> Interruption:
    """A case that was confirmed, answered and resumed."""
    deal = deal_of(owner, **fields)
    if note:
        deal_actions.log_activity(owner, deal, "note", text=note)
    case = actions.open_case(owner, deal, main=cause)
    actions.begin_response(owner, case, text=text)
    return actions.resume(owner, case)


def now(owner: User, cause: str, note: str = "", **fields: Any) -> Interruption:
    deal = deal_of(owner, **fields)
    if note:
        deal_actions.log_activity(owner, deal, "note", text=note)
    return actions.open_case(owner, deal, main=cause)


def test_the_same_cause_comes_first_and_the_reasons_are_said(organisation: Organisation) -> None:
    owner = organisation.representative
    other = past(owner, Cause.ECONOMY, industry="金融")
    same = past(owner, Cause.BUDGET, amount=1_200_000)
    profiles.keep_up()

    found = similar_cases(owner, now(owner, Cause.BUDGET))

    assert found[0].case == same
    with translation.override("en"):
        first = similar_cases(owner, now(owner, Cause.BUDGET))[0]
    assert first.why[:3] == ("same cause", "same stage", "same industry")
    assert "1.2 times the value" in first.why
    assert other not in [one.case for one in found[:1]]


def test_notes_alone_find_a_case(organisation: Organisation) -> None:
    owner = organisation.representative
    past(owner, Cause.MARKET, note="展示会の反応がよい", industry="金融")
    wanted = past(owner, Cause.SLOW, note="見積の送付が遅れて謝罪した", industry="金融")
    profiles.keep_up()

    found = similar_cases(owner, now(owner, "", note="見積を送るのが遅れ、謝罪した"))

    assert found[0].case == wanted


def test_what_was_tried_and_how_it_ended_is_told(organisation: Organisation) -> None:
    owner = organisation.representative
    past(owner, Cause.BUDGET, text="社長から電話した")
    profiles.keep_up()

    found = similar_cases(owner, now(owner, Cause.BUDGET))[0]

    assert found.resumed
    assert [tried.text for tried in found.tried] == ["社長から電話した", ""]


def test_another_teams_case_names_nobody(organisation: Organisation) -> None:
    theirs = past(organisation.stranger, Cause.BUDGET, text="田中部長に会った")
    profiles.keep_up()

    found = similar_cases(
        organisation.representative, now(organisation.representative, Cause.BUDGET)
    )

    assert len(found) == 1
    assert found[0].case is None
    said = repr(found)
    assert "田中" not in said
    assert theirs.deal.customer.name not in said
    assert found[0].resumed


def test_living_and_dismissed_cases_are_no_past_ones(organisation: Organisation) -> None:
    owner = organisation.representative
    now(owner, Cause.BUDGET)
    actions.dismiss(owner, now(owner, Cause.BUDGET), "data")
    profiles.keep_up()

    assert similar_cases(owner, now(owner, Cause.BUDGET)) == []


def test_those_who_resumed_such_cases_can_be_asked(organisation: Organisation) -> None:
    past(organisation.stranger, Cause.BUDGET)
    profiles.keep_up()

    case = now(organisation.representative, Cause.BUDGET)

    assert people_who_resumed(case) == [organisation.stranger]


def test_a_case_that_ended_is_found_after_the_next_minute(organisation: Organisation) -> None:
    owner = organisation.representative
    first = past(owner, Cause.BUDGET)
    assert profiles.keep_up() == 1
    assert profiles.keep_up() == 0
    past(owner, Cause.MARKET)

    assert profiles.keep_up() == 1

    actions.set_causes(owner, first, Cause.SEASON)
    assert profiles.keep_up() == 1
    assert CaseProfile.objects.get(pk=first.pk).cause == Cause.SEASON


def test_the_stage_is_that_of_the_break(organisation: Organisation) -> None:
    owner = organisation.representative
    case = past(owner, Cause.BUDGET)
    began = case.deal.stage
    later = case.deal.process.stages.exclude(pk=began.pk if began else None).first()
    assert later is not None
    deal_actions.move_stage(owner, case.deal, later)
    profiles.keep_up()

    assert CaseProfile.objects.get(pk=case.pk).stage == began


def test_words_of_a_case_go_when_they_are_erased(organisation: Organisation) -> None:
    case = past(organisation.representative, Cause.BUDGET, note="鈴木様が退職")
    profiles.keep_up()

    profiles.forget([case.deal_id])

    assert CaseProfile.objects.get(pk=case.pk).tokens == ""
    assert profiles.keep_up() == 1
    assert timezone.now() - timedelta(days=1) < CaseProfile.objects.get(pk=case.pk).known_until  # type: ignore[operator]
