"""Rotting rules and the hardest rule: what counts, from when, and with which days."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from tests.analytics.evaluation.small_logs import ask, day, small_log

from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.baselines import (
    BottleCrmRotting,
    Clock,
    HardestRule,
    RottingRule,
)
from tsunagu.analytics.evaluation.baselines.facts import FactReader
from tsunagu.analytics.evaluation.baselines.hardest import FittedHardest
from tsunagu.analytics.evaluation.baselines.rotting import FittedRotting
from tsunagu.analytics.evaluation.baselines.thresholds import Thresholds, best_threshold
from tsunagu.analytics.evaluation.baselines.training import training_of

TEN_DAYS = Thresholds(10.0, {})
BUSY = [
    ("a", 1, "stage", "S"),
    ("a", 4, "call", None, "out"),
    ("a", 6, "planned", "2026-03-01"),
    ("a", 8, "stage", "T"),
    ("a", 9, "amount", None),
    ("a", 20, "note", None),
]


def clock(rule: Clock, *days: float) -> list[tuple[float, bool]]:
    log = small_log({"a": {}}, BUSY, until=60)
    fitted = FittedRotting(FactReader.fit(log), rule, TEN_DAYS)
    table = fitted.rank(log, ask(*[("a", at) for at in days]))
    return list(zip(table["score"].to_pylist(), table["fires"].to_pylist(), strict=True))


def test_odoo_counts_from_the_last_stage_change():
    found = clock(Clock.STAGE, 0.5, 7, 8, 18, 28)
    assert [score for score, _ in found] == pytest.approx([0.05, 0.6, 0.0, 1.0, 2.0])
    assert [fires for _, fires in found] == [False, False, False, True, True]


def test_pipedrive_counts_from_the_last_thing_done_and_a_plan_is_nothing_done():
    found = clock(Clock.UPDATE, 3, 7, 19, 20, 35)
    assert [score for score, _ in found] == pytest.approx([0.3, 0.3, 1.5, 0.0, 1.5])
    assert [fires for _, fires in found] == [False, False, True, False, True]


def test_the_best_threshold_parts_the_broken_from_the_rest():
    days = np.array([1.0, 2, 3, 10, 11, 12])
    assert best_threshold(days, days >= 10) == 10


def test_between_equally_good_thresholds_the_longest_is_taken():
    days = np.array([1.0, 2, 3, 4])
    assert best_threshold(days, np.array([False, True, False, True])) == 4


def test_a_threshold_maximises_youdens_j():
    generator = np.random.default_rng(3)
    days = generator.gamma(2, 10, 400).round()
    broke = generator.random(400) < days / 80
    gains = {
        d: broke[days >= d].sum() / broke.sum() - (~broke)[days >= d].sum() / (~broke).sum()
        for d in np.unique(days)
    }
    best = best_threshold(days, broke)
    assert gains[best] == pytest.approx(max(gains.values()))


def test_a_threshold_is_at_least_a_day():
    assert best_threshold(np.array([0.0, 0.0]), np.array([True, False])) == 1.0


def stuck(stage: np.ndarray, days: np.ndarray, broke: np.ndarray, *, per_stage: bool) -> Thresholds:
    return Thresholds.tuned(days, stage, broke, np.ones(len(days), bool), per_stage=per_stage)


def test_each_stage_gets_its_own_days_and_a_thin_one_those_of_all():
    stage = np.repeat([0, 1, 2], [40, 40, 4])
    days = np.concatenate([np.tile([3.0, 30], 20), np.tile([6.0, 90], 20), [1.0, 2, 3, 4]])
    broke = np.concatenate([np.tile([False, True], 40), [True, False, True, False]])
    tuned = stuck(stage, days, broke, per_stage=True)
    assert tuned.by_stage == {0: 30, 1: 90}
    assert tuned.of(np.array([-1, 0, 1, 2, 9])).tolist() == [30, 30, 90, 30, 30]
    assert stuck(stage, days, broke, per_stage=False).by_stage == {}


def test_deals_whose_end_is_not_yet_known_do_not_tune():
    days = np.array([1.0, 3, 10, 4, 5, 6, 7])
    broke = np.array([False, True, True, False, False, False, False])
    known, all_known = np.arange(7) < 3, np.ones(7, bool)
    stage = np.zeros(7, int)
    assert Thresholds.tuned(days, stage, broke, known, per_stage=False).single == 3
    assert Thresholds.tuned(days, stage, broke, all_known, per_stage=False).single == 10


def test_bottlecrm_gives_the_first_half_14_days_and_the_second_10():
    deals = {"a": {}, "b": {}}
    events = [("a", 1, "stage", "S1"), ("b", 1, "stage", "S4")]
    log = small_log(deals, events, stages=("S1", "S2", "S3", "S4"), until=60)
    table = BottleCrmRotting().fit(log, seed=0).rank(log, ask(("a", 12), ("b", 12), ("a", 15.5)))
    assert table["score"].to_pylist() == pytest.approx([11 / 14, 11 / 10, 14.5 / 14])
    assert table["fires"].to_pylist() == [False, True, True]


def two_ways(quiet: int = 12, lively: int = 12) -> list[tuple]:
    """Deals that go quiet and break off on day 60, and deals that talk weekly and are won then."""
    events: list[tuple] = []
    for i in range(quiet):
        deal = f"q{i}"
        events += [(deal, 1, "stage", "S"), (deal, 2, "call", None, "in")]
        events += [(deal, 60, "outcome", "broken_off")]
    for i in range(lively):
        deal = f"l{i}"
        events += [(deal, 1, "stage", "S"), (deal, 31, "stage", "T")]
        events += [(deal, 2 + 7 * w, "call", None, "both") for w in range(8)]
        events += [(deal, 60, "outcome", "won")]
    return events


@cache
def two_ways_log():
    events = two_ways()
    return small_log({e[0]: {} for e in events}, events, stages=("S", "T"), until=100)


@pytest.mark.parametrize(
    "rule",
    [RottingRule(c, per_stage=p) for c in Clock for p in (True, False)] + [HardestRule()],
    ids=lambda rule: rule.name,
)
def test_a_tuned_rule_tells_quiet_deals_from_lively_ones(rule):
    log = two_ways_log()
    table = rule.fit(log, seed=0).rank(log, ask(("q0", 50), ("l0", 50)))
    assert table["deal_id"].to_pylist() == ["l0", "q0"]
    lively, quiet = table["score"].to_pylist()
    assert quiet > lively
    assert table["fires"].to_pylist()[1] is True


def test_thresholds_come_from_the_training_part_alone():
    log = two_ways_log()
    cut = log.until(day(62))
    rule = RottingRule(Clock.UPDATE)
    assert rule.fit(cut, seed=0).thresholds == rule.fit(log, seed=0).thresholds
    assert training_of(cut).labels.days.max() <= 60


def test_without_a_break_off_a_rule_says_that_it_cannot_be_tuned():
    events = two_ways(quiet=0)
    log = small_log({e[0]: {} for e in events}, events, until=100)
    with pytest.raises(NotEnoughHistoryError, match="broke off"):
        RottingRule(Clock.STAGE).fit(log, seed=0)


def test_the_hardest_rule_counts_what_is_wrong():
    deals = {name: {} for name in ("fine", "quiet", "late", "alone", "all wrong")}
    events: list[tuple] = []
    for deal in deals:
        fine = deal != "all wrong"
        events += [(deal, 30 if fine else 1, "stage", "S"), (deal, 3, "contact", f"{deal}1")]
        if deal not in ("alone", "all wrong"):
            events += [(deal, 4, "contact", f"{deal}2")]
        due = "2026-01-20" if deal in ("late", "all wrong") else "2026-12-01"
        events += [(deal, 5, "close_date", due)]
        heard = 30 if deal not in ("quiet", "all wrong") else 6
        events += [(deal, heard, "email", None, "in")]
        if fine:
            events += [(deal, 31, "email", None, "out")]
    log = small_log(deals, events, until=60)
    fitted = FittedHardest(FactReader.fit(log), TEN_DAYS, TEN_DAYS, TEN_DAYS)
    table = fitted.rank(log, ask(*[(deal, 32) for deal in deals]))
    score = dict(zip(table["deal_id"].to_pylist(), table["score"].to_pylist(), strict=True))
    counts = {"fine": 0, "quiet": 1, "late": 1, "alone": 1, "all wrong": 5}
    assert {deal: int(value) for deal, value in score.items()} == counts
    fires = dict(zip(table["deal_id"].to_pylist(), table["fires"].to_pylist(), strict=True))
    assert fires == {deal: count > 0 for deal, count in counts.items()}
