"""Causes are suggested from what was written, and learned from what people confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.app.factories import Organisation, make_deal
from tests.app.interruptions.signs import sign, suspected

from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.interruptions import actions, explaining
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import CauseNote, Interruption, LearnedCauses
from tsunagu.app.interruptions.suggesting import of_case


@pytest.fixture
def deal(organisation: Organisation) -> Deal:
    return organisation.own


def write(deal: Deal, text: str, days: float = 1) -> None:
    Event.objects.create(
        deal=deal, at=timezone.now() - timedelta(days=days), kind=Kind.NOTE, text=text
    )


def test_a_look_at_a_suspected_deal_suggests_what_its_notes_say(deal: Deal) -> None:
    write(deal, "来期の予算が見直しになり、稟議が止まったとのこと。")

    case = suspected(deal, sign(deal))

    first = of_case(case)[0]
    assert (first.cause, first.learned) == (Cause.BUDGET, True)
    assert "予算" in first.evidence[0]
    assert sum(s.probability for s in of_case(case)) <= 1


def test_a_new_note_changes_what_is_suggested_and_old_ones_say_nothing(deal: Deal) -> None:
    write(deal, "競合他社が値引きを提示しているそうです。", days=400)
    case = suspected(deal, sign(deal))
    assert not CauseNote.objects.filter(case=case, cause=Cause.DISCOUNT, evidence__gt=[]).exists()

    write(deal, "The competitor offers a discount of 30%.")
    explaining.explain([deal.pk])

    assert of_case(case)[0].cause == Cause.DISCOUNT


def test_where_nothing_was_written_the_signals_suggest(deal: Deal) -> None:
    found = of_case(suspected(deal, sign(deal, "contact_left")))

    assert found[0].cause == Cause.CONTACT_LEFT
    assert all(s.evidence for s in found)


def test_what_a_person_set_stays(deal: Deal, organisation: Organisation) -> None:
    case = suspected(deal, sign(deal))
    actions.confirm(organisation.representative, case, main=Cause.SEASON)

    explaining.explain([deal.pk])

    assert CauseNote.objects.get(case=case, main=True).cause == Cause.SEASON


def test_confirmed_causes_are_learned_once_there_are_enough(organisation: Organisation) -> None:
    user = organisation.representative
    for number in range(explaining.LEAST_CASES):
        assert explaining.learn() is None
        deal = make_deal(user)
        write(deal, f"山彦プロジェクトの都合で保留 {number}")
        actions.open_case(user, deal, main=Cause.REGULATION)

    learned = explaining.learn()

    assert learned is not None
    assert learned.cases == explaining.LEAST_CASES == Interruption.objects.count()
    assert LearnedCauses.objects.count() == 1
    new = make_deal(user)
    write(new, "山彦プロジェクトの都合で保留")
    assert of_case(suspected(new, sign(new)))[0].cause == Cause.REGULATION
