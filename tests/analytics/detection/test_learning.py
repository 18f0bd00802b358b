"""Thresholds learn from history and from decisions, a little from a little."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import at, deal, event, log_of

from tsunagu.analytics.contracts import EventLog, SignalKind
from tsunagu.analytics.detection import (
    Decision,
    Thresholds,
    detect,
    fit_thresholds,
    learn_from_dismissals,
    precision_by_kind,
)
from tsunagu.analytics.detection.rhythm import Rhythm, StageGaps, fit_rhythm
from tsunagu.analytics.detection.thresholds import shipped_file
from tsunagu.analytics.detection.workdays import Workdays, from_day_number
from tsunagu.analytics.features.clock import in_micros


@pytest.fixture(scope="module")
def fitted(simulated: EventLog) -> Thresholds:
    return fit_thresholds(simulated)


def test_without_history_the_shipped_cuts_stand() -> None:
    nothing = fit_thresholds(log_of([], [deal()], until="2024-03-01"))
    assert nothing.kinds == Thresholds.shipped().kinds


def test_history_moves_cuts_and_tells_what_is_usual(fitted: Thresholds) -> None:
    shipped = Thresholds.shipped()
    assert fitted.kinds[SignalKind.SILENCE].cut != shipped.kinds[SignalKind.SILENCE].cut
    assert all(t.cut > 0 for t in fitted.kinds.values())
    assert fitted.usual.stages == ("発掘", "ヒアリング", "提案", "見積", "最終交渉")
    assert set(fitted.usual.stage_days) == set(fitted.usual.stages)
    assert Thresholds.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted


def test_learning_at_a_time_sees_nothing_later(simulated: EventLog) -> None:
    moment = simulated.observed_until - timedelta(days=200)
    assert fit_thresholds(simulated, moment) == fit_thresholds(simulated.until(moment))


def test_a_short_history_moves_a_cut_less_than_a_long_one() -> None:
    def organisation(deals: int) -> EventLog:
        """Deals whose customer falls silent break off in May; all are created in January."""
        events, made = [], []
        for number in range(deals):
            name = f"D{number}"
            made.append(deal(name, created="2024-01-08"))
            ends = "2024-02-26" if number % 2 else "2024-05-27"
            calls = [at("2024-01-08") + timedelta(days=7 * n, hours=9) for n in range(20)]
            last = at(ends if number % 2 else "2024-04-01")
            events += [
                {"deal_id": name, "at": day, "kind": "call", "direction": "both"}
                for day in calls
                if day < last
            ]
            outcome = "won" if number % 2 else "broken_off"
            events.append(event(ends, "outcome", name, value=outcome))
        return log_of(events, made, until="2024-12-01")

    shipped = Thresholds.shipped().kinds[SignalKind.SILENCE].cut
    few, many = (fit_thresholds(organisation(n)).kinds[SignalKind.SILENCE].cut for n in (4, 80))
    assert abs(np.log(few / shipped)) < abs(np.log(many / shipped))


def test_the_surest_cut_gives_way_to_one_that_leaves_a_week() -> None:
    """Half the customers speak again after 22 days; without the others all is over after 33."""
    calls = [at("2024-01-08 09:00") + timedelta(days=7 * n) for n in range(8)]
    again, end = calls[-1] + timedelta(days=22), calls[-1] + timedelta(days=33)
    events, made = [], []
    for number in range(120):
        name, won = f"D{number}", number % 2
        made.append(deal(name, created="2024-01-08"))
        for day in [*calls, again][: 8 + won]:
            events.append({"deal_id": name, "at": day, "kind": "call", "direction": "both"})
        outcome = "won" if won else "broken_off"
        events.append(event(f"{end:%Y-%m-%d}", "outcome", name, value=outcome))
    log = log_of(events, made, until="2024-12-01")

    table = detect(log, calls[-1] + timedelta(days=20), fit_thresholds(log))

    assert SignalKind.SILENCE in set(table["kind"].to_pylist())


def test_dismissals_raise_a_cut_and_confirmations_lower_it_both_within_bounds() -> None:
    shipped = Thresholds.shipped()
    cut = shipped.kinds[SignalKind.SILENCE].cut

    def after(*decisions: tuple[bool, int]) -> float:
        told = [Decision(SignalKind.SILENCE, yes) for yes, n in decisions for _ in range(n)]
        return learn_from_dismissals(shipped, told).kinds[SignalKind.SILENCE].cut

    assert after() == cut
    assert cut < after((False, 3)) < after((False, 30)) < after((False, 100_000)) <= 2 * cut
    assert cut > after((True, 3)) > after((True, 30)) >= cut / 2
    assert after((True, 3), (False, 7)) == pytest.approx(cut)


def test_decisions_about_a_process_with_its_own_cut_move_that_one_alone() -> None:
    own = Thresholds.shipped().adjusted(SignalKind.SILENCE, 3.0, process="短期")
    told = [Decision(SignalKind.SILENCE, False, "短期")] * 20
    taught = learn_from_dismissals(own, told)
    assert taught.processes["短期"][SignalKind.SILENCE] > 3.0
    assert taught.kinds == own.kinds


@given(st.integers(1, 300), st.data())
def test_the_precision_of_decisions_lies_in_its_interval(count: int, data: st.DataObject) -> None:
    confirmed = data.draw(st.integers(0, count))
    told = [Decision(SignalKind.SILENCE, n < confirmed) for n in range(count)]
    found = precision_by_kind(told)[SignalKind.SILENCE]
    assert (found.decisions, found.confirmed) == (count, confirmed)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_wilsons_interval_is_the_published_one() -> None:
    told = [Decision(SignalKind.SILENCE, n < 8) for n in range(10)]
    found = precision_by_kind(told)[SignalKind.SILENCE]
    assert (found.low, found.high) == (
        pytest.approx(0.490, abs=1e-3),
        pytest.approx(0.943, abs=1e-3),
    )


def test_every_kind_has_a_shipped_threshold_with_its_source() -> None:
    for kind in SignalKind:
        row = shipped_file()[kind.value]
        assert row["cut"] > 0
        assert row["half"] > 0
        assert row["source"]


def test_the_fitted_rhythm_is_the_one_that_customers_have() -> None:
    rng = np.random.default_rng(5)
    rates = rng.gamma(3.0, 1 / 15.0, 3_000)
    gaps = np.full(len(rates), 6.0)
    days = rng.gamma(6.0, 1 / rates)
    none = StageGaps((), np.zeros(0, np.int64), np.zeros(0))
    found = fit_rhythm(Rhythm(2.0, 14.0, {}), (gaps, days), none)
    assert found.shape == pytest.approx(3.0, rel=0.1)
    assert found.shape / found.scale_days == pytest.approx(0.2, rel=0.05)


def test_the_tail_is_the_share_of_longer_pauses() -> None:
    rng = np.random.default_rng(6)
    rhythm = Rhythm(3.0, 15.0, {})
    rates = rng.gamma(3.0, 1 / 15.0, 200_000)
    pauses = rng.exponential(1 / rates)
    one = np.ones(1)
    tail = rhythm.tail(0 * one, 0 * one, 10 * one, one)[0]
    assert (pauses > 10).mean() == pytest.approx(tail, abs=0.005)
    assert rhythm.needed(0 * one, 0 * one, one, np.array([tail]))[0] == pytest.approx(10)


def test_a_stage_in_which_customers_speak_less_has_a_longer_usual_gap() -> None:
    stages = StageGaps(("a", "b"), np.array([400, 100]), np.array([2_000.0, 2_000.0]))
    found = stages.factors()
    assert found["a"] > 1 > found["b"]
    few = StageGaps(("a", "b"), np.array([4, 1]), np.array([20.0, 20.0])).factors()
    assert 1 < few["a"] < found["a"]


@settings(deadline=None)  # the first example builds the calendar
@given(st.integers(0, 2_000), st.integers(1, 60))
def test_business_days_forward_and_back_are_one_another(first: int, count: int) -> None:
    span = in_micros(at("2024-01-01")), in_micros(at("2030-01-01"))
    workdays = Workdays.spanning("Asia/Tokyo", *span)
    start = np.array([span[0] + first * 86_400_000_000 * 0.7])
    reached = workdays.after(start, np.array([float(count)]))
    assert workdays.between(start, reached)[0] == count
    assert workdays.between(start, reached - 1)[0] == count - 1


def test_days_off_are_japanese_in_japan_and_weekends_elsewhere() -> None:
    span = in_micros(at("2024-01-01")), in_micros(at("2024-12-31"))
    days = from_day_number(np.array([8763.0])), from_day_number(np.array([8763.0 + 8]))
    assert str(days[0][0]) == "2023-12-29"
    japan = Workdays.spanning("Asia/Tokyo", *span)
    assert japan.between_days(*days)[0] == 2  # 4 and 5 January
    assert Workdays.spanning("Europe/Berlin", *span).between_days(*days)[0] == 6


def test_thresholds_are_frozen_values() -> None:
    shipped = Thresholds.shipped()
    assert replace(shipped) == shipped == Thresholds.shipped()
