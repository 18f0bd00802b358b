"""Signals gather into one suspected case a deal, whoever looks and however often."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.app.factories import Organisation, make_deal
from tests.app.interruptions.signs import LONG_AGO, see, sign

from tsunagu.app.deals.actions import change_amount, close_deal
from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import actions, gathering, limits, watching
from tsunagu.app.interruptions.models import Interruption, OwnThreshold, Signal, Watch
from tsunagu.app.interruptions.states import DismissReason, State

Patch = pytest.MonkeyPatch


@pytest.fixture
def deal(organisation: Organisation) -> Deal:
    return organisation.own


def look(deal: Deal) -> None:
    watching.due_now([deal.pk])
    gathering.look_at_waiting()


def test_a_strong_signal_opens_one_suspected_case(deal: Deal, monkeypatch: Patch) -> None:
    see(monkeypatch, sign(deal))

    look(deal)
    look(deal)

    case = Interruption.objects.get()
    assert (case.deal, case.state, case.opened_by) == (deal, State.SUSPECTED, None)
    assert (case.signal_count, round(case.strength, 2)) == (1, 0.9)
    signal = case.signals.get()
    assert case.last_signal_at == signal.found_at
    assert signal.evidence == {"silent_business_days": 20.0}


def test_weak_signals_open_a_case_only_together(deal: Deal, monkeypatch: Patch) -> None:
    see(monkeypatch, sign(deal, strength=0.5))
    look(deal)
    assert not Interruption.objects.exists()

    weak = [sign(deal, kind, strength=0.5) for kind in ("silence", "stage_overdue", "risk_high")]
    see(monkeypatch, *weak)
    look(deal)
    assert Interruption.objects.get().signals.count() == 3


def test_a_process_may_suspect_sooner(
    deal: Deal, monkeypatch: Patch, organisation: Organisation
) -> None:
    OwnThreshold.objects.create(
        process=deal.process, kind=limits.TOGETHER, cut=0.4, set_by=organisation.operations
    )
    see(monkeypatch, sign(deal, strength=0.5))
    look(deal)
    assert Interruption.objects.count() == 1


def test_any_further_signal_joins_the_living_case(deal: Deal, monkeypatch: Patch) -> None:
    see(monkeypatch, sign(deal))
    look(deal)
    see(monkeypatch, sign(deal), sign(deal, "survey_low", strength=0.2))
    look(deal)

    case = Interruption.objects.get()
    assert case.signal_count == 2
    assert case.strength == pytest.approx(1 - 0.1 * 0.8)


def test_a_signal_grows_stronger_and_stays_itself(deal: Deal, monkeypatch: Patch) -> None:
    see(monkeypatch, sign(deal))
    look(deal)
    found_at = Signal.objects.get().found_at
    see(monkeypatch, sign(deal, strength=0.95, ja="21営業日", en="21 business days"))
    look(deal)

    signal = Signal.objects.get()
    assert (signal.strength, signal.ja, signal.found_at) == (0.95, "21営業日", found_at)


def test_what_stands_no_more_is_said_to_be_gone(deal: Deal, monkeypatch: Patch) -> None:
    see(monkeypatch, sign(deal))
    look(deal)
    see(monkeypatch)
    look(deal)
    assert Signal.objects.get().gone_at is not None
    case = Interruption.objects.get()
    assert (case.state, case.signal_count, case.strength) == (State.SUSPECTED, 0, 0.0)

    see(monkeypatch, sign(deal))
    look(deal)
    assert Signal.objects.get().gone_at is None


def test_a_dismissed_signal_does_not_raise_again_but_a_new_fact_does(
    deal: Deal, monkeypatch: Patch, organisation: Organisation
) -> None:
    see(monkeypatch, sign(deal))
    look(deal)
    first = Interruption.objects.get()
    actions.dismiss(organisation.representative, first, DismissReason.AGREED)
    see(monkeypatch, sign(deal, strength=0.99, ja="もっと長い"))
    look(deal)
    assert Interruption.objects.count() == 1
    first.refresh_from_db()
    assert first.state == State.DISMISSED

    see(monkeypatch, sign(deal, at=LONG_AGO + timedelta(days=10)))
    look(deal)
    second = Interruption.objects.get(state=State.SUSPECTED)
    assert (second.number, second.previous) == (2, first)
    assert second.signals.count() == 1


def test_a_risk_that_lasts_is_one_signal_though_its_beginning_moves(
    deal: Deal, monkeypatch: Patch
) -> None:
    see(monkeypatch, sign(deal, "risk_high"))
    look(deal)
    see(monkeypatch, sign(deal, "risk_high", at=LONG_AGO + timedelta(days=1), ja="40%"))
    look(deal)

    assert Signal.objects.get().at == LONG_AGO
    assert Signal.objects.get().ja == "40%"


def test_the_value_at_stake_follows_the_deal(
    deal: Deal, monkeypatch: Patch, organisation: Organisation
) -> None:
    see(monkeypatch, sign(deal))
    look(deal)
    change_amount(organisation.representative, deal, Decimal(300))
    look(deal)
    assert Interruption.objects.get().value == Decimal(300)


@pytest.mark.parametrize(
    ("outcome", "state"), [("won", State.DISMISSED), ("broken_off", State.LOST)]
)
def test_an_ended_deal_ends_its_case_and_is_watched_no_more(
    deal: Deal, monkeypatch: Patch, organisation: Organisation, outcome: str, state: State
) -> None:
    see(monkeypatch, sign(deal))
    look(deal)
    close_deal(organisation.representative, deal, outcome, reason="x")
    look(deal)

    assert Interruption.objects.get().state == state
    assert not Watch.objects.filter(deal=deal).exists()


def test_a_late_worker_whose_lease_ran_out_writes_nothing(
    deal: Deal, monkeypatch: Patch, organisation: Organisation
) -> None:
    """It saw what the next worker saw; meanwhile a person dismissed the case."""
    see(monkeypatch, sign(deal))
    watching.due_now([deal.pk])
    late = watching.take()
    assert late is not None
    Watch.objects.update(look_at=timezone.now())
    gathering.look_at_waiting()
    actions.dismiss(organisation.representative, Interruption.objects.get(), DismissReason.DATA)

    see(monkeypatch, sign(deal, "stage_overdue"))
    gathering.look_at(late)

    assert Interruption.objects.count() == 1
    assert Signal.objects.count() == 1


def test_a_fact_that_comes_during_a_look_is_looked_at_afterwards(
    deal: Deal, monkeypatch: Patch
) -> None:
    see(monkeypatch)
    watching.due_now([deal.pk])
    taken = watching.take()
    assert taken is not None
    watching.due_now([deal.pk])
    gathering.look_at(taken)

    assert Watch.objects.get(deal=deal).look_at <= timezone.now()  # type: ignore[operator]


def test_facts_that_keep_coming_leave_other_tasks_their_turn(
    deal: Deal, monkeypatch: Patch
) -> None:
    """Each look meets a new fact, and is over nevertheless."""
    see(monkeypatch)
    once = gathering.look_at

    def while_a_fact_comes(taken: watching.Taken) -> None:
        watching.due_now([deal.pk])
        once(taken)

    monkeypatch.setattr(gathering, "look_at", while_a_fact_comes)
    watching.due_now([deal.pk])

    assert gathering.look_at_waiting() == 1
    assert watching.take() is not None


def test_two_workers_never_take_the_same_deal(deal: Deal) -> None:
    watching.due_now([deal.pk])
    assert watching.take() is not None
    assert watching.take() is None


def test_the_next_look_is_kept_and_nobody_looks_before(deal: Deal, monkeypatch: Patch) -> None:
    later = timezone.now() + timedelta(days=3)
    see(monkeypatch, then=later)
    look(deal)
    assert Watch.objects.get(deal=deal).look_at == later
    assert gathering.look_at_waiting() == 0


def test_idleness_costs_one_query(
    deal: Deal, django_assert_num_queries: object, monkeypatch: Patch
) -> None:
    see(monkeypatch)
    look(deal)
    with django_assert_num_queries(1):  # type: ignore[operator]
        gathering.look_at_waiting()


def test_many_deals_cost_no_more_statements_than_few(
    deal: Deal,
    organisation: Organisation,
    monkeypatch: Patch,
    django_assert_max_num_queries: object,
) -> None:
    many = [make_deal(organisation.representative) for _ in range(20)]
    see(monkeypatch, *(sign(d) for d in many))
    watching.due_now([d.pk for d in many])
    with django_assert_max_num_queries(45):  # type: ignore[operator]
        gathering.look_at_waiting()
    assert Interruption.objects.count() == 20
