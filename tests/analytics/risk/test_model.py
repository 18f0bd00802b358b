"""The risk model on logs whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics import testing
from tsunagu.analytics.contracts import (
    EVENT_SCHEMA,
    HORIZONS_DAYS,
    EventLog,
    Kind,
    Verdict,
    score_schema,
)
from tsunagu.analytics.errors import InputError
from tsunagu.analytics.features import current, weekly
from tsunagu.analytics.risk import (
    RiskModel,
    Settings,
    Window,
    inputs,
    periods,
    reasons,
    storage,
)
from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.calendar import AS_EXPECTED
from tsunagu.analytics.risk.hazard_model import of_rows, spoken
from tsunagu.analytics.risk.next_steps import STEPS

SHAKY, STEADY, WON = 0.020, 0.004, 0.006


@pytest.fixture(scope="module")
def model(known_log: EventLog) -> RiskModel:
    return RiskModel.fit(known_log)


@pytest.fixture(scope="module")
def some(known_log: EventLog) -> ibis.Table:
    """Landmarks of the last months, by which the deals' mix is a steady one."""
    last = known_log.observed_until
    return weekly(known_log, start=last - timedelta(days=60), every_days=28).cache()


def _incidence(rate: float, days: int, other: float = WON) -> float:
    return rate / (rate + other) * (1 - np.exp(-(rate + other) * days))


def test_known_hazards_are_recovered(
    model: RiskModel, known_log: EventLog, some: ibis.Table
) -> None:
    scores = model.score(known_log, some).to_pandas()
    tempers = known_log.deals.select("deal_id", "temper").to_pandas()
    mean = scores.merge(tempers).groupby("temper").mean(numeric_only=True)
    for temper, rate in (("shaky", SHAKY), ("steady", STEADY)):
        for days in (7, 30, 90):
            expected = _incidence(rate, days)
            assert mean.loc[temper, f"broken_off_{days}"] == pytest.approx(
                expected, rel=0.35, abs=0.01
            )


def test_the_summary_tells_what_the_model_was_made_of(
    model: RiskModel, known_log: EventLog
) -> None:
    summary = model.summary
    assert summary.deals == 1_500
    assert summary.outcomes["lost"] == 0
    assert sum(summary.outcomes.values()) == known_log.outcomes().count().to_pyarrow().as_py()
    assert summary.rounds > 0
    assert summary.trees_weight > 0.8
    assert "your own history weighs" in summary.statement
    assert summary.calibration.startswith("none")
    assert summary.observed_until == known_log.observed_until
    assert len(summary.fingerprint) == 64


def test_the_contract_of_every_predictor_holds(make_known_log: object, tmp_path: Path) -> None:
    log = make_known_log(260, seed=3)
    testing.check_predictor(
        lambda log, seed: RiskModel.fit(log, seed=seed),
        RiskModel.load,
        log,
        weekly(log, every_days=35).cache(),
        tmp_path,
    )


@pytest.mark.parametrize("deals", [0, 1, 10])
def test_a_team_without_history_gets_the_scorecard_and_is_told_so(
    make_known_log: object, deals: int, tmp_path: Path
) -> None:
    log = make_known_log(deals, seed=1, days=45)
    model = RiskModel.fit(log)
    assert model.summary.rounds == 0
    assert "of about 200 break-offs" in model.summary.statement
    assert "標準の評価表だけ" in model.summary.statement_ja
    scores = model.score(log, current(log))
    testing.check_probabilities(scores)
    assert all(0 < p < 0.6 for p in scores["broken_off_30"].to_pylist())
    model.save(tmp_path / "m")
    assert RiskModel.load(tmp_path / "m").score(log, current(log)).equals(scores)
    assert len(model.explain(log, current(log))) == len(scores)


def test_the_first_week_alone_is_told_as_it_is_among_all_intervals(
    model: RiskModel, known_log: EventLog, some: ibis.Table
) -> None:
    landmarks = inputs.read(model.recipe, known_log, some).landmarks
    whole, week = model.hazards.blended(landmarks), model.hazards.blended(landmarks, first=1)
    assert model.hazards.trees is not None
    assert week.shape[1] == 1
    assert np.array_equal(whole[:, :1], week)


def test_on_very_many_landmarks_trees_are_boosted_more_briskly(known_log: EventLog) -> None:
    brisk = RiskModel.fit(known_log, settings=Settings(many_landmarks=1_000, rounds=20))
    assert brisk.hazards.trees is not None
    assert brisk.summary.rounds <= 10
    assert "[learning_rate: 0.12]" in brisk.hazards.trees.text


def test_reasons_sum_to_the_log_odds(
    model: RiskModel, known_log: EventLog, some: ibis.Table
) -> None:
    landmarks = inputs.read(model.recipe, known_log, some).landmarks
    parts = reasons.contributions(model.hazards, landmarks, model.hazards.blended(landmarks))
    whole = reasons.log_odds(model.hazards, landmarks)
    assert np.allclose(parts.features.sum(axis=1) + parts.base, whole, atol=1e-4)
    assert parts.features.std() > 0.01


def test_the_attribute_that_drives_the_hazard_is_the_first_reason(
    model: RiskModel, known_log: EventLog
) -> None:
    tempers = dict(
        zip(
            *known_log.deals.select("deal_id", "temper").to_pyarrow().to_pydict().values(),
            strict=True,
        )
    )
    explained = model.explain(known_log, current(known_log))
    assert explained
    for explanation in explained:
        reason = next(r for r in explanation.reasons if r.group == "attributes")
        shaky = tempers[explanation.deal_id] == "shaky"
        assert (reason.contribution > 0) == shaky
        assert reason.words("ja").startswith("temperが「")


def test_a_feature_that_is_suddenly_null_everywhere_does_not_break(
    model: RiskModel, known_log: EventLog, some: ibis.Table
) -> None:
    columns = {"direction": ibis.null("string"), "actor": ibis.null("string")}
    mute = replace(
        known_log,
        events=known_log.events.mutate(**columns),
        deals=known_log.deals.mutate(temper=ibis.null("string"), owner_id=ibis.null("string")),
    )
    testing.check_probabilities(model.score(mute, some))
    for explanation in model.explain(mute, some)[:20]:
        assert all("nan" not in reason.en for reason in explanation.reasons)


def test_each_part_is_weighed_as_it_would_speak_alone(
    model: RiskModel, known_log: EventLog, some: ibis.Table
) -> None:
    landmarks = inputs.read(model.recipe, known_log, some).landmarks
    nothing, one = np.zeros(len(landmarks)), np.ones(len(landmarks))
    rows = periods.expand(nothing, np.nan * nothing, nothing.astype(np.int64), 91 * 86_400.0)
    rows = rows.where(np.random.default_rng(0).permutation(len(rows))[: len(one)])
    for share, told in zip((0.0, 1.0), spoken(model.hazards, landmarks, rows), strict=True):
        alone = replace(model.hazards, share=share, recent=AS_EXPECTED)
        whole = of_rows(alone.blended, landmarks, rows)
        assert np.allclose(told, hz.to_log_odds(whole), atol=1e-9)


def test_a_model_of_version_2_still_speaks_by_its_trees(
    model: RiskModel, known_log: EventLog, some: ibis.Table, tmp_path: Path
) -> None:
    path = tmp_path / "m"
    model.save(path)
    data, booster = storage.read(path)
    del data["hazards"]["plain"], data["hazards"]["share"]
    storage.write(path, data, booster)
    by_trees = replace(model, hazards=replace(model.hazards, plain=None, share=1.0))
    assert RiskModel.load(path).score(known_log, some).equals(by_trees.score(known_log, some))


def test_a_file_whose_parts_do_not_fit_is_refused(model: RiskModel, tmp_path: Path) -> None:
    path = tmp_path / "m"
    model.save(path)
    data, booster = storage.read(path)
    data["hazards"]["ratios"] = "none"
    storage.write(path, data, booster)
    with pytest.raises(InputError, match="do not fit together"):
        RiskModel.load(path)
    model.save(path)
    data, _ = storage.read(path)
    del data["booster_sha256"]
    storage.write(path, data, "tree\nnonsense")
    with pytest.raises(InputError, match="do not fit together"):
        RiskModel.load(path)


def test_a_file_of_the_first_format_still_loads_and_keeps_its_order(
    model: RiskModel, tmp_path: Path
) -> None:
    path = tmp_path / "m"
    model.save(path)
    data, booster = storage.read(path)
    del data["windows"], data["hazards"]["recent"], data["hazards"]["sure"]
    data |= {"version": 1, "window": {"until": 14, "after": 7}}
    storage.write(path, data, booster)
    old = RiskModel.load(path)
    assert old.window == old.window_for(30) == Window(14, 7)
    assert old.hazards.recent == AS_EXPECTED


def test_scored_in_time_the_last_day_is_as_brought_up_to_date(
    model: RiskModel, known_log: EventLog
) -> None:
    now = current(known_log).cache()
    fresh = model.as_of(known_log).score(known_log, now)
    assert model.score_in_time(known_log, now).equals(fresh)


def test_what_can_be_said_covers_every_horizon(model: RiskModel, known_log: EventLog) -> None:
    scores = model.score(known_log, current(known_log))
    told = model.verdicts(scores)
    assert len(told) == len(scores)
    assert all(len(row) == len(HORIZONS_DAYS) for row in told)
    assert any(verdict is not Verdict.UNSURE for row in told for verdict in row)


def test_next_steps_only_name_what_goes_with_a_lower_risk(
    model: RiskModel, known_log: EventLog
) -> None:
    now = current(known_log).to_pyarrow()["deal_id"][0].as_py()
    scores = model.score(known_log, current(known_log)).to_pylist()
    before = next(row["broken_off_30"] for row in scores if row["deal_id"] == now)
    for step in model.next_steps(known_log, now):
        assert step.before == pytest.approx(before)
        assert step.after < step.before


def _asked(log: EventLog, model: RiskModel, *more: dict[str, object]) -> tuple[str, ...]:
    """The steps named for some risky deal of which ``more`` is known."""
    open_deals = current(log)
    scores = model.score(log, open_deals).sort_by([("broken_off_30", "descending")])
    deal = scores["deal_id"][0].as_py()
    if not more:
        return tuple(step.step for step in model.next_steps(log, deal))
    rows = [dict.fromkeys(EVENT_SCHEMA.names) | {"deal_id": deal, **fact} for fact in more]
    facts = ibis.memtable(pa.Table.from_pylist(rows, schema=EVENT_SCHEMA))
    events = log.events.select(*EVENT_SCHEMA.names)
    known = replace(log, events=events.union(facts.cast(events.schema())))
    return tuple(step.step for step in model.next_steps(known, deal))


def test_a_talk_is_not_asked_for_where_the_customer_was_in_touch_this_week(
    model: RiskModel, known_log: EventLog
) -> None:
    yesterday = known_log.observed_until - timedelta(days=1)
    talk = {"at": yesterday, "kind": "call", "direction": "both"}
    assert "talk" not in _asked(known_log, model, talk)


def test_copies_of_deals_change_nothing_about_the_deals_themselves(
    model: RiskModel, known_log: EventLog
) -> None:
    events, deals = known_log.events.to_pyarrow(), known_log.deals.to_pyarrow()
    asked = current(known_log).to_pyarrow()
    copies = model.imagine(
        events, deals, asked["deal_id"].combine_chunks(), known_log.observed_until
    )
    both = [pa.concat_tables(pair) for pair in ((events, copies.events), (deals, copies.deals))]
    made = ibis.duckdb.connect()
    log = replace(
        known_log,
        events=made.create_table("events", both[0]),
        deals=made.create_table("deals", both[1]),
    )
    own = current(log).filter(~ibis._.deal_id.contains("~"))
    assert model.score(log, own).equals(model.score(known_log, current(known_log)))
    assert set(copies.snapshots["deal_id"].to_pylist()) == {
        f"{deal}~talk" for deal in asked["deal_id"].to_pylist()
    }


def test_no_step_is_an_offer() -> None:
    """Before needs are re-confirmed the application asks why for these."""
    kinds = {kind for step in STEPS for kind in step.kinds}
    assert not kinds & {Kind.QUOTE, Kind.AMOUNT}


def test_another_log_than_the_fitted_one_gives_another_fingerprint(
    make_known_log: object, tmp_path: Path
) -> None:
    few = Settings(least_break_offs=10_000)
    one = RiskModel.fit(make_known_log(30, seed=1), settings=few).summary
    other = RiskModel.fit(make_known_log(30, seed=2), settings=few).summary
    assert one.fingerprint != other.fingerprint


def test_scores_of_no_snapshots_are_an_empty_table(model: RiskModel, known_log: EventLog) -> None:
    none = current(known_log).filter(ibis.literal(False))
    assert model.score(known_log, none).equals(score_schema().empty_table())
