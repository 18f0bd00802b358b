"""Our own model as it is evaluated: no look ahead, a list ordered by what training showed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tsunagu.analytics.contracts import EventLog, Outcome, incidence_column, score_schema
from tsunagu.analytics.evaluation import default_predictors, evaluate
from tsunagu.analytics.evaluation.baselines import BaseRate, Clock, RottingRule
from tsunagu.analytics.evaluation.leakage import largest_look_ahead, shuffled_cause_auc
from tsunagu.analytics.evaluation.ranking import DEFAULT_WINDOW, WINDOWS, Window, best_window
from tsunagu.analytics.evaluation.risk_predictor import RiskPredictor
from tsunagu.analytics.evaluation.splitting import default_cut
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    folder: Path = tmp_path_factory.mktemp("simulated") / "log"
    simulate(folder, deals=1200, seed=0)
    return open_log(folder)


def test_a_windows_risk_is_the_difference_of_two_incidences() -> None:
    columns = {name: pa.array([0.0]) for name in score_schema().names[2:]}
    for horizon, risk in ((7, 0.1), (30, 0.4)):
        columns[incidence_column(Outcome.BROKEN_OFF, horizon)] = pa.array([risk])
    scores = pa.table(columns)
    assert Window(30).risk(scores) == pytest.approx([0.4])
    assert Window(30, after=7).risk(scores) == pytest.approx([0.3])


def test_every_window_lies_between_two_horizons() -> None:
    assert len(set(WINDOWS)) == 15
    assert all(window.after < window.until for window in WINDOWS)


def test_with_few_break_offs_the_list_keeps_its_default_order(log: EventLog) -> None:
    first_weeks = log.until(default_cut(log, 0.05))
    fitted = BaseRate().fit(first_weeks, seed=0)
    assert best_window(first_weeks, lambda _: fitted) == DEFAULT_WINDOW


@pytest.mark.slow
def test_our_model_beats_a_rotting_rule_on_a_simulated_organisation(log: EventLog) -> None:
    rivals = [RiskPredictor(DEFAULT_WINDOW), RottingRule(Clock.UPDATE), BaseRate()]
    found = evaluate(log, predictors=rivals, bootstrap=20)
    ours, rule, base = (found.performance(rival.name) for rival in rivals)
    assert ours.figure("auc_30").value > rule.figure("auc_30").value
    assert ours.figure("ibs_scaled").value > base.figure("ibs_scaled").value
    assert abs(base.figure("ibs_scaled").value) < 0.1
    assert ours.figure("auc_30").low > 0.5


@pytest.mark.slow
def test_no_default_predictor_sees_the_future(log: EventLog) -> None:
    cut = default_cut(log, 0.7)
    training = log.until(cut)
    ours, *rivals = default_predictors()
    for predictor in (RiskPredictor(DEFAULT_WINDOW, ours.name), *rivals):
        fitted = predictor.fit(training, seed=0)
        assert largest_look_ahead(fitted, log, cut + timedelta(days=30)) < 1e-12, predictor.name


@pytest.mark.slow
def test_with_shuffled_outcomes_our_model_is_at_chance(log: EventLog) -> None:
    cut = default_cut(log, 0.7)
    found = shuffled_cause_auc(log, RiskPredictor(DEFAULT_WINDOW), cut, seed=0)
    assert found == pytest.approx(0.5, abs=0.1)
