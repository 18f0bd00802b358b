"""Plain rates as probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from tests.analytics.evaluation.small_logs import ask, small_log

from tsunagu.analytics.contracts import HORIZONS_DAYS, Outcome, score_schema
from tsunagu.analytics.evaluation.baselines import BaseRate, StageRate
from tsunagu.analytics.evaluation.baselines.rates import aalen_johansen
from tsunagu.analytics.evaluation.labels import CENSORED, EVENT_CODES

WON, BROKEN, LOST = (EVENT_CODES[o] for o in (Outcome.WON, Outcome.BROKEN_OFF, Outcome.LOST))


def at(table: np.ndarray, outcome: Outcome, horizon: int) -> float:
    return float(table[list(Outcome).index(outcome), HORIZONS_DAYS.index(horizon)])


def test_incidence_by_hand():
    days = np.array([1.0, 2.0, 3.0, 40.0])
    found = aalen_johansen(days, np.array([BROKEN, CENSORED, WON, LOST]))
    assert at(found, Outcome.BROKEN_OFF, 7) == pytest.approx(1 / 4)
    assert at(found, Outcome.WON, 7) == pytest.approx(3 / 4 * 1 / 2)  # one of two left
    assert at(found, Outcome.LOST, 30) == 0
    assert at(found, Outcome.LOST, 60) == pytest.approx(3 / 8)


def test_without_censoring_incidence_is_the_share():
    days, events = np.array([5.0, 5, 8, 29, 31]), np.array([BROKEN, WON, LOST, BROKEN, BROKEN])
    found = aalen_johansen(days, events)
    assert at(found, Outcome.BROKEN_OFF, 30) == pytest.approx(2 / 5)
    assert found[:, -1].sum() == pytest.approx(1)


def test_an_end_and_a_censoring_at_one_time_count_the_end_first():
    found = aalen_johansen(np.array([7.0, 7.0]), np.array([BROKEN, CENSORED]))
    assert at(found, Outcome.BROKEN_OFF, 7) == pytest.approx(1 / 2)


def staged():
    """In S deals break off after 20 days; in T they are won after 40."""
    events: list[tuple] = []
    for i in range(60):
        events += [(f"s{i}", 0, "stage", "S"), (f"s{i}", 20, "outcome", "broken_off")]
        events += [(f"t{i}", 0, "stage", "T"), (f"t{i}", 40, "outcome", "won")]
    return small_log({e[0]: {} for e in events}, events, stages=("S", "T"), until=90)


def test_stages_have_rates_of_their_own_and_the_base_rate_has_one():
    log, question = staged(), ask(("s0", 8), ("t0", 8), ("s0", 15), ("t0", 15))
    own = StageRate().fit(log, seed=0).score(log, question)
    base = BaseRate().fit(log, seed=0).score(log, question)
    stays, moves = own["broken_off_30"].to_pylist()[:2]
    assert stays > 0.8
    assert moves < 0.2
    assert len(set(base["broken_off_30"].to_pylist())) == 1


@pytest.mark.parametrize("baseline", [StageRate(), BaseRate()], ids=lambda b: b.name)
def test_probabilities_grow_with_the_horizon_and_sum_to_at_most_one(baseline):
    log = staged()
    table = baseline.fit(log, seed=0).score(log, ask(("s0", 1), ("t1", 25)))
    assert table.schema == score_schema()
    by = {o: np.array([table[f"{o.value}_{h}"].to_numpy() for h in HORIZONS_DAYS]) for o in Outcome}
    assert all((np.diff(p, axis=0) >= 0).all() for p in by.values())
    assert (sum(p[-1] for p in by.values()) <= 1 + 1e-12).all()


def test_an_unknown_stage_has_the_overall_rate():
    log = staged()
    new = small_log({"n": {}}, [("n", 1, "stage", "never seen")], until=30)
    fitted = StageRate().fit(log, seed=0)
    overall = BaseRate().fit(log, seed=0).score(log, ask(("s0", 8)))
    assert fitted.score(new, ask(("n", 8)))["won_90"].equals(overall["won_90"])
