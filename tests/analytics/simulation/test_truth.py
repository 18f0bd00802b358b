"""The truth agrees with the log, and the log only hints at it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tsunagu.analytics.simulation import causes


def test_outcomes_fall_into_the_stated_shares(simulated):
    shares = {name: n / simulated.report.deals for name, n in simulated.report.outcomes.items()}
    assert 0.25 <= shares["won"] <= 0.32
    assert 0.24 <= shares["broken_off"] <= 0.30
    assert 0.23 <= shares["lost"] <= 0.32
    assert 0.12 <= simulated.report.open_deals / simulated.report.deals <= 0.20


def test_what_is_recorded_is_the_truth_but_for_deals_quietly_called_lost(simulated):
    ends = simulated.with_truth().query("kind == 'outcome'")
    assert (ends.value == ends.recorded_outcome).all()
    wrong = ends[ends.value != ends.true_outcome]
    assert set(wrong.true_outcome) == {"broken_off"}
    assert set(wrong.value) == {"lost"}
    assert 0.04 < len(wrong) / (ends.true_outcome == "broken_off").sum() < 0.12


def test_a_break_is_recorded_weeks_after_it_truly_happened(simulated):
    ends = simulated.with_truth().query("kind == 'outcome' and value == 'broken_off'")
    delay = (ends["at"] - ends.broke_at).dt.days
    assert (delay >= 0).all()
    assert 20 <= delay.median() <= 60


def test_some_breaks_are_never_closed_and_stay_open(simulated):
    truth = simulated.truth.query("true_outcome == 'broken_off'")
    assert 0.02 < truth.recorded_at.isna().mean() < 0.09


def test_interrupted_deals_alone_have_a_cause_a_break_and_chances(simulated):
    truth = simulated.truth
    for column in ("broke_at", "cause_category", "cause_detail", "play", "resumed", "chance_none"):
        assert (truth[column].notna() == truth.interrupted).all(), column
    names = truth.cause_category + "." + truth.cause_detail
    assert set(names.dropna()) == set(causes.CAUSE_NAMES)
    assert (truth.cooling_from.dropna() <= truth.broke_at.dropna()).all()


def test_confirmed_interruptions_and_returns_in_the_log_are_true(simulated):
    events = simulated.with_truth()
    found = events[events.kind == "interruption"]
    assert len(found) > 500
    assert found.interrupted.all()
    assert (found["at"] >= found.broke_at).all()
    named = found.cause_category + "." + found.cause_detail
    assert 0.7 < (found.value == named).mean() < 0.92
    back = events[events.kind == "resumed"]
    assert back.resumed.astype(bool).all()
    assert len(back) > 100


def test_truth_does_not_stand_in_the_log(simulated):
    hidden = {"true_outcome", "broke_at", "severity", "frailty", "cause_category", "resumed"}
    assert not hidden & set(simulated.log.events.columns)
    assert not hidden & set(simulated.log.attributes)
    expected = {"industry", "size", "region", "product", "source", "team"}
    assert set(simulated.log.attributes) == expected


def _silence_days(simulated, moments: pd.Series) -> pd.Series:
    """Days since the customer was last heard, at each deal's moment."""
    heard = simulated.events[simulated.events.direction.isin(["in", "both"])]
    heard = heard.assign(moment=heard.deal_id.map(moments))
    last = heard[heard["at"] <= heard.moment].groupby("deal_id")["at"].max()
    return (moments[last.index] - last).dt.total_seconds() / 86_400


def test_silence_grows_before_a_break(simulated):
    truth = simulated.truth.set_index("deal_id")
    age = (truth.broke_at - simulated.deals.set_index("deal_id").created_at).dropna()
    broken = _silence_days(simulated, truth.broke_at.dropna())
    whole = truth[~truth.interrupted]
    at_like_age = simulated.deals.set_index("deal_id").created_at[whole.index]
    moments = at_like_age + np.resize(age.to_numpy(), len(whole))
    running = moments[moments < whole.true_end_at]
    healthy = _silence_days(simulated, running)
    assert broken.mean() > 1.25 * healthy.mean()


def test_follow_ups_go_unanswered_once_a_deal_has_broken(simulated):
    events = simulated.with_truth()
    ours = events[events.direction.notna() & ~events.kind.isin(["survey", "quote"])]
    broken = (ours["at"] > ours.broke_at) & (ours.resumed == False)  # noqa: E712
    assert (ours[broken].direction == "out").mean() > 0.75
    assert (ours[~broken].direction == "out").mean() < 0.55


def test_plays_truly_help_and_a_naive_comparison_hides_it(simulated):
    truth = simulated.truth.query("interrupted")
    true_effect = truth[truth.play == "joint_visit"].play_effect.mean()
    resumed = truth.assign(resumed=truth.resumed.astype(float)).groupby("play").resumed.mean()
    naive = resumed["joint_visit"] - resumed["none"]
    assert true_effect > 0.1
    assert naive < 0.7 * true_effect
    severity = truth.groupby("play").severity.mean()
    assert severity["joint_visit"] > severity["explain_and_listen"] > severity["wait_and_nurture"]


def test_the_chances_written_down_are_those_by_which_deals_resumed(simulated):
    truth = simulated.truth.query("interrupted")
    used = np.select(
        [truth.play == play for play in causes.PLAYS],
        [truth[f"chance_{play}"] for play in causes.PLAYS],
    )
    assert abs(used.mean() - truth.resumed.astype(float).mean()) < 0.03
    high = used > np.median(used)
    resumed = truth.resumed.astype(float)
    assert resumed[high].mean() > resumed[~high].mean() + 0.2


def test_true_effects_depend_on_the_cause(simulated):
    effects = pd.read_parquet(simulated.folder / "effects.parquet")
    assert len(effects) == len(causes.PLAYS) * len(causes.CATEGORIES)
    table = effects.pivot(index="cause_category", columns="play", values="log_odds_effect")
    assert (table["none"] == 0).all()
    assert table.idxmax(axis=1).nunique() >= 3
