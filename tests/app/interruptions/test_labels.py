"""What cases teach flows back: into the log the models learn from, thresholds and causes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.app.factories import Organisation
from tests.app.interruptions.signs import went_on

from tsunagu.analytics.contracts import Kind
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Deal, Outcome
from tsunagu.app.interruptions import actions, explaining, folding, limits
from tsunagu.app.interruptions.models import Interruption, Signal
from tsunagu.app.scoring import bridge, lifecycle, runs

CAUSE = "customer.budget_reviewed"


def suspected(deal: Deal) -> Interruption:
    """A suspicion that stands on a silence."""
    case = folding.begin(deal)
    then = timezone.now() - timedelta(days=2)
    known = {"strength": 0.6, "measure": 1.2, "ja": "沈黙", "en": "Silence"}
    Signal.objects.create(
        case=case, deal=deal, kind="silence", at=then, found_at=then, seen_at=then, **known
    )
    return case


def end(organisation: Organisation, deal: Deal, outcome: str) -> None:
    deal_actions.close_deal(organisation.manager, deal, outcome, reason="他社に決定")


def outcome_in_log(deal: Deal) -> str:
    """The label as all models, thresholds and evaluations read it."""
    table = bridge.whole_log(timezone.now()).outcomes().to_pyarrow()
    found = dict(zip(table["deal_id"].to_pylist(), table["outcome"].to_pylist(), strict=True))
    return str(found[f"{deal.pk:012}"])


def verdicts() -> list[bool]:
    return [verdict.confirmed for verdict in limits.verdicts()]


def test_confirmed_and_lost_is_a_break_off_whatever_the_outcome_was_called(
    organisation: Organisation,
) -> None:
    actions.confirm(organisation.manager, suspected(organisation.own), main=CAUSE)
    end(organisation, organisation.own, Outcome.LOST)
    assert outcome_in_log(organisation.own) == Outcome.BROKEN_OFF
    organisation.own.refresh_from_db()
    assert organisation.own.outcome == Outcome.LOST  # the record stays as it was written
    assert verdicts() == [True]


def test_dismissed_gives_no_label_and_teaches_the_thresholds(organisation: Organisation) -> None:
    actions.dismiss(organisation.manager, suspected(organisation.own), "agreed")
    end(organisation, organisation.own, Outcome.LOST)
    assert outcome_in_log(organisation.own) == Outcome.LOST
    assert verdicts() == [False]


def test_confirmed_and_dismissed_later_was_a_false_alarm(organisation: Organisation) -> None:
    case = actions.confirm(organisation.manager, suspected(organisation.own), main=CAUSE)
    actions.dismiss(organisation.manager, case, "data")
    end(organisation, organisation.own, Outcome.LOST)
    assert outcome_in_log(organisation.own) == Outcome.LOST
    assert verdicts() == [False]
    assert explaining.learn() is None


def test_a_resumed_deal_that_is_lost_later_was_decided_by_the_customer(
    organisation: Organisation,
) -> None:
    case = actions.confirm(organisation.manager, suspected(organisation.own), main=CAUSE)
    went_on(organisation.manager, case)
    end(organisation, organisation.own, Outcome.LOST)
    assert outcome_in_log(organisation.own) == Outcome.LOST
    assert verdicts() == [True]


def test_a_suspicion_nobody_decided_on_is_no_label(organisation: Organisation) -> None:
    suspected(organisation.own)
    end(organisation, organisation.own, Outcome.LOST)
    assert outcome_in_log(organisation.own) == Outcome.LOST
    assert verdicts() == []


def test_interrupted_again_after_it_resumed_and_lost_is_a_break_off(
    organisation: Organisation,
) -> None:
    first = actions.confirm(organisation.manager, suspected(organisation.own), main=CAUSE)
    went_on(organisation.manager, first)
    actions.open_case(organisation.manager, organisation.own, main=CAUSE)
    end(organisation, organisation.own, Outcome.LOST)
    assert outcome_in_log(organisation.own) == Outcome.BROKEN_OFF


def test_a_won_deal_stays_won(organisation: Organisation) -> None:
    actions.confirm(organisation.manager, suspected(organisation.own), main=CAUSE)
    deal_actions.close_deal(organisation.manager, organisation.own, Outcome.WON)
    assert outcome_in_log(organisation.own) == Outcome.WON


def test_the_log_has_the_interruption_its_cause_and_the_return(organisation: Organisation) -> None:
    case = actions.confirm(organisation.manager, suspected(organisation.own), main=CAUSE)
    went_on(organisation.manager, case)
    events = bridge.whole_log(timezone.now()).events
    mine = events.filter(events.deal_id == f"{organisation.own.pk:012}").order_by("at")
    rows = mine.select("kind", "value").to_pyarrow().to_pylist()
    said = [(row["kind"], row["value"]) for row in rows]
    assert said[-2:] == [(Kind.INTERRUPTION.value, CAUSE), (Kind.RESUMED.value, None)]


def break_offs_learned() -> int:
    return lifecycle.Challenger.fit(timezone.now(), runs.silent).model.summary.break_offs


def test_the_next_fit_counts_it_among_the_break_offs(organisation: Organisation) -> None:
    before = break_offs_learned()
    created = timezone.now() - timedelta(days=60)
    Deal.objects.filter(pk=organisation.own.pk).update(created_at=created)
    actions.confirm(organisation.manager, suspected(organisation.own), main=CAUSE)
    end(organisation, organisation.own, Outcome.LOST)
    assert (
        lifecycle.Challenger.fit(timezone.now(), runs.silent).fitted().summary["break_offs"]
        == before + 1
    )


@pytest.mark.parametrize("outcome", [Outcome.LOST, Outcome.BROKEN_OFF])
def test_deals_without_a_case_keep_their_outcome(
    organisation: Organisation, outcome: Outcome
) -> None:
    end(organisation, organisation.shared, outcome)
    assert outcome_in_log(organisation.shared) == outcome
