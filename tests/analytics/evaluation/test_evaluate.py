"""An evaluation from end to end: what an analyst gets for a log and some predictors."""

# ruff: noqa: ARG002 - predictors keep to a protocol whatever they need of it

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics.contracts import (
    DEAL_SCHEMA,
    EVENT_SCHEMA,
    EventLog,
    Kind,
    Outcome,
    score_schema,
)
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation import Evaluation, evaluate
from tsunagu.analytics.evaluation.leakage import largest_look_ahead, shuffled_cause_auc
from tsunagu.analytics.evaluation.predictor import FittedPredictor
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate


@dataclass(frozen=True)
class Silence:
    """The longer nothing was written down, the riskier: days since the last event."""

    fires_after: float | None = None
    peeks: bool = False
    name: str = "silence"

    def fit(self, log: EventLog, *, seed: int) -> Silence:
        return self

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        both = snapshots.join(log.events.select("deal_id", moment="at"), "deal_id")
        seen = both if self.peeks else both.filter(both.moment <= both.at)
        last = seen.group_by(["deal_id", "at"]).agg(last=seen.moment.max())
        days = (last.at.epoch_seconds() - last.last.epoch_seconds()) / 86_400
        table = last.select("deal_id", "at", score=days.cast("float64"))
        if self.fires_after is not None:
            table = table.mutate(fires=table.score > self.fires_after)
        return table.order_by("at", "deal_id").to_pyarrow()


@dataclass(frozen=True)
class Fortune:
    """Knows every outcome in advance, and says so as probabilities; or says the same of all."""

    log: EventLog
    constant: float | None = None
    name: str = "fortune"

    def fit(self, log: EventLog, *, seed: int) -> Fortune:
        return self

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        joined = snapshots.left_join(self.log.outcomes(), "deal_id")
        table = joined.order_by("at", "deal_id").to_pyarrow()
        days = (
            np.array(table["ended_at"].fill_null(datetime(2100, 1, 1, tzinfo=UTC)))
            - np.array(table["at"])
        ) / np.timedelta64(1, "D")
        broken = np.array(table["outcome"].fill_null("")) == Outcome.BROKEN_OFF.value
        columns: list[object] = [table["deal_id"], table["at"]]
        for name in score_schema().names[2:]:
            outcome, horizon = name.rsplit("_", 1)
            told = broken & (days <= int(horizon)) & (outcome == Outcome.BROKEN_OFF.value)
            columns.append(told * 1.0 if self.constant is None else np.full(len(told), 0.1))
        return pa.table(columns, schema=score_schema())

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        scores = self.score(log, snapshots)
        chosen = scores.select(["deal_id", "at", "broken_off_90"])
        return chosen.rename_columns(["deal_id", "at", "score"])


@dataclass(frozen=True)
class Beginner:
    """Never has enough history."""

    name: str = "beginner"

    def fit(self, log: EventLog, *, seed: int) -> FittedPredictor:
        raise NotEnoughHistoryError("Only 3 won deals.", remedy="Wait.")


START = datetime(2024, 1, 1, tzinfo=UTC)


def _log(lives: list[tuple[float, float | None, str]], *, observed: float = 330.0) -> EventLog:
    """Deals created on a day, ended on a day or never, with an outcome; a call each day or so."""
    events, deals = [], []
    for number, (created, ended, outcome) in enumerate(lives):
        name, begin = f"D{number:03d}", START + timedelta(days=created)
        deals.append({"deal_id": name, "created_at": begin})
        events.append({"deal_id": name, "at": begin, "kind": Kind.STAGE.value, "value": "first"})
        if ended is not None:
            end = {"at": START + timedelta(days=ended), "kind": Kind.OUTCOME.value}
            events.append({"deal_id": name, "value": outcome, **end})
    con = ibis.duckdb.connect()
    return EventLog(
        con.create_table("events", pa.Table.from_pylist(events, EVENT_SCHEMA)),
        con.create_table("deals", pa.Table.from_pylist(deals, DEAL_SCHEMA)),
        START + timedelta(days=observed),
        "UTC",
    )


def _lives(deals: int = 60, *, endings: str = "bwl") -> list[tuple[float, float | None, str]]:
    names = {"b": "broken_off", "w": "won", "l": "lost"}
    random = np.random.default_rng(1)
    return [
        (4.0 * n, 4.0 * n + random.uniform(10, 80), names[endings[n % len(endings)]])
        for n in range(deals)
    ]


@pytest.fixture(scope="module")
def log() -> EventLog:
    return _log(_lives())


@pytest.fixture(scope="module")
def found(log: EventLog) -> Evaluation:
    rivals = [Fortune(log), Silence(fires_after=20), Fortune(log, 0.1, "constant"), Beginner()]
    return evaluate(log, predictors=rivals, bootstrap=40)


def test_it_states_the_cut_and_both_parts(found: Evaluation, log: EventLog) -> None:
    assert sum(found.train.outcomes.values()) == 42  # 70% of 60
    assert found.train.until == found.test.since == found.cut
    assert found.test.until == log.observed_until
    assert sum(found.test.outcomes.values()) == 18
    assert found.train.landmarks > found.train.deals > 42
    assert 0 < found.warnable <= found.test.outcomes["broken_off"]


def test_who_knows_the_future_scores_perfectly(found: Evaluation) -> None:
    fortune = found.performance("fortune")
    assert fortune.figure("auc_30").value == pytest.approx(1)
    assert fortune.figure("ibs").value == 0
    assert fortune.figure("ibs_scaled").value == 1
    assert fortune.figure("ece_30").value == 0
    assert fortune.figure("warned_7_at_20").value == found.reachable[7] == 0.8
    assert fortune.versus_best["auc_30"].rival in {"silence", "constant"}
    assert fortune.versus_best["auc_30"].figure.low > 0


def test_every_figure_is_compared_with_the_models_too(found: Evaluation) -> None:
    fortune, silence = found.performance("fortune"), found.performance("silence")
    behind = silence.versus_model["auc_30"]
    assert behind.value == pytest.approx(silence.figure("auc_30").value - 1)
    assert behind.high < 0
    # whoever breaks off within the horizon is equally certain to it
    assert 0.5 < fortune.figure("uno_c").value < 1
    assert set(fortune.versus_model) == set(fortune.figures)
    assert {f.value for k, f in fortune.versus_model.items() if k.startswith("auc")} == {0.0}


def test_a_constant_has_auc_one_half_and_no_improvement_on_the_base_rate(found: Evaluation) -> None:
    constant = found.performance("constant")
    assert constant.figure("auc_30").value == pytest.approx(0.5)
    assert constant.figure("ibs_scaled").value < 0
    assert len(constant.reliability[30]) == 1


def test_a_rule_without_probabilities_has_neither_brier_score_nor_calibration(
    found: Evaluation,
) -> None:
    silence = found.performance("silence")
    assert np.isfinite(silence.figure("auc_30").value)
    assert np.isnan(silence.figure("ibs").value)
    assert not silence.reliability
    assert silence.distribution is None


def test_a_rule_and_the_model_are_compared_at_the_rules_own_volume(found: Evaluation) -> None:
    (native,) = found.native
    assert native.rule == "silence"
    assert 0 < native.per_hundred < 100
    fortune, silence = found.performance("fortune"), found.performance("silence")
    assert (
        fortune.figure("warned_7_as_silence").value >= silence.figure("warned_7_as_silence").value
    )
    volume = native.listings
    assert volume == pytest.approx(native.per_hundred / 100 * found.test.landmarks)


def test_a_rival_without_enough_history_is_left_out_with_its_reason(found: Evaluation) -> None:
    assert [s.name for s in found.skipped] == ["beginner"]
    assert "3 won deals" in found.skipped[0].reason


def test_the_model_itself_without_enough_history_is_an_error(log: EventLog) -> None:
    with pytest.raises(NotEnoughHistoryError, match="3 won deals"):
        evaluate(log, predictors=[Beginner(), Silence()])


def test_the_result_goes_to_json_with_null_for_what_is_unknown(found: Evaluation) -> None:
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["performances"][0]["name"] == "fortune"
    assert json.loads(text)["cut"] == found.cut.isoformat()


def test_the_same_seed_gives_the_same_intervals_and_row_order_does_not_matter(
    log: EventLog, found: Evaluation
) -> None:
    shuffled = replace(
        log,
        events=log.events.order_by(ibis.desc("at")),
        deals=log.deals.order_by(ibis.desc("deal_id")),
    )
    predictors = [Fortune(log), Silence(fires_after=20), Fortune(log, 0.1, "constant"), Beginner()]
    assert evaluate(shuffled, predictors=predictors, bootstrap=40).to_dict() == found.to_dict()
    other = evaluate(log, predictors=predictors, bootstrap=40, seed=1)
    key = "warned_7_at_10"
    assert other.performances[1].figure(key).value == found.performances[1].figure(key).value
    assert other.to_dict() != found.to_dict()


def test_intervals_hold_their_estimate_and_come_from_whole_deals(found: Evaluation) -> None:
    for performance in found.performances:
        for key in ("auc_30", "warned_7_at_20"):
            figure = performance.figure(key)
            assert figure.low <= figure.value <= figure.high


def test_without_bootstrap_there_are_estimates_but_no_intervals(log: EventLog) -> None:
    figure = evaluate(log, predictors=[Silence()], bootstrap=0).performances[0].figure("auc_30")
    assert np.isfinite(figure.value)
    assert np.isnan(figure.low)


def test_horizons_longer_than_the_test_part_are_left_out_and_said_so(log: EventLog) -> None:
    late = log.until(START + timedelta(days=200))
    found = evaluate(late, cut=START + timedelta(days=165), predictors=[Silence()], bootstrap=0)
    assert found.horizons == (7, 14, 30)
    assert any("60 days" in note for note in found.notes)


def test_without_a_break_off_after_the_cut_it_says_so_and_gives_no_number() -> None:
    found = evaluate(_log(_lives(endings="wl")), predictors=[Silence()], bootstrap=5)
    assert found.warnable == 0
    assert any("No deal broke off" in note for note in found.notes)
    assert np.isnan(found.performances[0].figure("auc_30").value)
    assert np.isnan(found.performances[0].figure("warned_7_at_10").value)
    json.dumps(found.to_dict(), allow_nan=False)


def test_no_outcome_at_all_is_a_clear_error() -> None:
    with pytest.raises(NotEnoughHistoryError, match="no finished deal"):
        evaluate(_log([(0, None, ""), (3, None, "")]), predictors=[Silence()])


def test_no_open_deal_after_the_cut_is_a_clear_error(log: EventLog) -> None:
    with pytest.raises(NotEnoughHistoryError, match="No deal is open"):
        evaluate(log, cut=log.observed_until, predictors=[Silence()])
    with pytest.raises(NotEnoughHistoryError, match="No deal is open"):
        evaluate(_log([(0, 10, "won"), (0, 20, "broken_off")]), predictors=[Silence()])


def test_one_deal_can_be_judged(log: EventLog) -> None:
    lives = [(0.0, 30.0, "won"), (40.0, 100.0, "broken_off")]
    found = evaluate(_log(lives), train_share=0.4, predictors=[Silence()], bootstrap=5)
    assert found.test.deals == found.warnable == 1
    assert found.performances[0].figure("warned_7_at_20").value == 1


@pytest.mark.parametrize("share", [0.0, 1.0, 1.5])
def test_a_training_share_out_of_range_is_refused(log: EventLog, share: float) -> None:
    with pytest.raises(ValueError, match="train_share"):
        evaluate(log, train_share=share, predictors=[Silence()])


def test_a_cut_without_time_zone_is_refused(log: EventLog) -> None:
    with pytest.raises(ValueError, match="time zone"):
        evaluate(log, cut=datetime(2024, 5, 1), predictors=[Silence()])


def test_progress_ends_at_one_and_never_goes_back(log: EventLog) -> None:
    steps: list[float] = []
    evaluate(log, predictors=[Silence()], bootstrap=5, progress=lambda _, done: steps.append(done))
    assert steps == sorted(steps)
    assert steps[-1] == 1


def test_a_look_into_the_future_is_found(log: EventLog) -> None:
    at = START + timedelta(days=100)
    assert largest_look_ahead(Silence(), log, at) == 0
    assert largest_look_ahead(Silence(peeks=True), log, at) > 1


def test_with_shuffled_outcomes_an_honest_predictor_is_at_chance_and_a_peeking_one_is_not(
    log: EventLog,
) -> None:
    many = _log(_lives(400), observed=1700)
    cut = START + timedelta(days=800)
    assert shuffled_cause_auc(many, Silence(), cut, seed=0) == pytest.approx(0.5, abs=0.1)
    assert shuffled_cause_auc(many, _Leak(), cut, seed=0) == 1


@dataclass(frozen=True)
class _Leak:
    """Reads the outcome of the very log it is asked about."""

    name: str = "leak"

    def fit(self, log: EventLog, *, seed: int) -> _Leak:
        return self

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        return Fortune(log).rank(log, snapshots)


@pytest.mark.slow
def test_a_simulated_organisation_can_be_evaluated(tmp_path: Path) -> None:
    simulate(tmp_path / "log", deals=2000, seed=0)
    log = open_log(tmp_path / "log")
    found = evaluate(log, predictors=[Silence(fires_after=21)], bootstrap=10)
    assert found.horizons
    assert 0.5 < found.performances[0].figure("auc_30").value < 1
    assert found.performances[0].figure("value_warned_7_at_10").value > 0
