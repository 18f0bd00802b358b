"""Uno's C agrees with its definition written out pair by pair, and with the truth."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tsunagu.analytics.evaluation.arrays import Floats
from tsunagu.analytics.evaluation.concordance import Concordance, uno_c
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, CENSORED, Labels

from .simulated import WON, population
from .slowly import followed_slowly

UNTIL = 20


def _slowly(score: Floats, labels: Labels, until: float) -> float:
    """Wolbers et al. (2014): later deals, and competing ends of before, weighted for censoring."""
    followed = [followed_slowly(labels, d, just_before=True) for d in labels.days]
    right = pairs = 0.0
    for i in np.flatnonzero((labels.event == BROKEN_OFF) & (labels.days <= until)):
        for j in range(len(score)):
            same, gone = labels.days[j] == labels.days[i], labels.event[j] == CENSORED
            if labels.days[j] > labels.days[i] or (same and gone):
                weight = 1 / followed[i] ** 2
            elif labels.event[j] not in {BROKEN_OFF, CENSORED}:
                weight = 1 / (followed[i] * followed[j])
            else:
                continue
            pairs += weight
            right += weight * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    return right / pairs


@pytest.mark.parametrize("whole_days", [False, True])
@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_it_is_the_share_of_weighted_pairs_in_order(whole_days: bool, decimals: int) -> None:
    people = population(150, seed=3, last_day=30, whole_days=whole_days)
    score = np.round(people.score, decimals)
    expected = _slowly(score, people.seen, UNTIL)
    assert uno_c(score, people.seen, UNTIL) == pytest.approx(expected, abs=1e-12)


def test_by_hand_on_four_deals() -> None:
    labels = Labels(
        np.array([1.0, 2.0, 3.0, 4.0]), np.array([WON, BROKEN_OFF, BROKEN_OFF, CENSORED])
    )
    # deal 2 against 1, 3, 4; deal 3 against 1, 4: scores in order but for 2 against 3 and 1
    assert uno_c(np.array([0.5, 0.4, 0.6, 0.1]), labels, 10) == pytest.approx(3 / 5)
    # up to day 2, deal 3 is no case but still a later deal
    assert uno_c(np.array([0.5, 0.4, 0.6, 0.1]), labels, 2) == pytest.approx(1 / 3)


def test_repeating_a_deal_equals_giving_it_weight_two() -> None:
    people = population(80, seed=4, last_day=30)
    twice = np.r_[np.arange(80), 5, 6, 7]
    repeated = Labels(people.seen.days[twice], people.seen.event[twice])
    concordance = Concordance(people.seen, UNTIL)
    counts = np.bincount(twice, minlength=80).astype(float)
    weighted = concordance(concordance.order(people.score), counts)
    assert weighted == pytest.approx(uno_c(people.score[twice], repeated, UNTIL))


def test_perfect_reversed_constant_and_random_scores() -> None:
    people = population(2000, seed=1)
    sooner = np.where(people.truth.event == BROKEN_OFF, -people.truth.days, -1e9)
    assert uno_c(sooner, people.seen, UNTIL) == pytest.approx(1)
    assert uno_c(-sooner, people.seen, UNTIL) == pytest.approx(0)
    assert uno_c(np.zeros(2000), people.seen, UNTIL) == pytest.approx(0.5)
    random = np.random.default_rng(2).uniform(size=2000)
    assert uno_c(random, people.seen, UNTIL) == pytest.approx(0.5, abs=0.03)


def test_heavy_censoring_does_not_bend_it() -> None:
    people = population(40_000, seed=8, last_day=45)
    assert np.mean(people.seen.event == CENSORED) > 0.4
    truth = uno_c(people.score, people.truth, 30)
    assert uno_c(people.score, people.seen, 30) == pytest.approx(truth, abs=0.01)


def test_without_any_break_off_it_is_not_a_number() -> None:
    labels = Labels(np.array([3.0, 20.0]), np.array([WON, CENSORED]))
    assert np.isnan(uno_c(np.array([0.1, 0.2]), labels, UNTIL))


def test_thirty_thousand_landmarks_are_compared_in_a_blink() -> None:
    people = population(30_000, seed=9)
    concordance = Concordance(people.seen, 60)
    below, once = concordance.order(people.score), np.ones(30_000)
    start = time.process_time()
    concordance(below, once)
    assert time.process_time() - start < 0.5  # pairs would be some 10^8
