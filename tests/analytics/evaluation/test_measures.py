"""The measures agree with their definitions written out, with scikit-learn, and with the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from tsunagu.analytics.evaluation.brier import brier, integrated
from tsunagu.analytics.evaluation.calibration import BINS, reliability
from tsunagu.analytics.evaluation.censoring import CensoringWeights
from tsunagu.analytics.evaluation.discrimination import auc
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, CENSORED, Labels

from .simulated import WON, Population, population
from .slowly import followed_slowly

HORIZON = 14


def _weights_slowly(labels: Labels, horizon: int) -> list[float]:
    weights = []
    for days, event in zip(labels.days, labels.event, strict=True):
        if days > horizon:
            weights.append(1 / followed_slowly(labels, horizon, just_before=False))
        elif event == CENSORED:
            weights.append(0.0)
        else:
            weights.append(1 / followed_slowly(labels, days, just_before=True))
    return weights


def _auc_slowly(score: np.ndarray, labels: Labels, horizon: int) -> float:
    weights, cases = _weights_slowly(labels, horizon), labels.cases(horizon)
    right = pairs = 0.0
    for i in np.flatnonzero(cases):
        for j in np.flatnonzero(~cases):
            pair = weights[i] * weights[j]
            pairs += pair
            right += pair * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    return right / pairs


def _incidence_slowly(labels: Labels, horizon: int) -> float:
    """Aalen-Johansen: sum of survival just before each time times the hazard of breaking off."""
    alive, incidence = 1.0, 0.0
    for time in sorted(set(labels.days)):
        if time > horizon:
            break
        at_risk = sum(labels.days >= time)
        ends = (labels.days == time) & (labels.event != CENSORED)
        broken = (labels.days == time) & (labels.event == BROKEN_OFF)
        incidence += alive * sum(broken) / at_risk
        alive *= 1 - sum(ends) / at_risk
    return incidence


@pytest.fixture(params=[False, True], ids=["continuous", "with ties in time"])
def small(request: pytest.FixtureRequest) -> Population:
    return population(120, seed=3, last_day=30, whole_days=request.param)


def test_weights_are_those_of_the_definition(small: Population) -> None:
    expected = _weights_slowly(small.seen, HORIZON)
    assert CensoringWeights(small.seen).at(HORIZON) == pytest.approx(expected)


def test_weights_by_hand_on_five_deals() -> None:
    labels = Labels(
        np.array([1.0, 2.0, 2.0, 3.0, 9.0]),
        np.array([BROKEN_OFF, CENSORED, WON, CENSORED, CENSORED]),
    )
    # at day 2 the win comes first, so three are followed and one is lost: G = 2/3; then 2/3 x 1/2
    assert CensoringWeights(labels).at(5) == pytest.approx([1, 0, 1, 0, 3])


def test_repeating_a_deal_equals_giving_it_weight_two(small: Population) -> None:
    twice = np.r_[np.arange(120), 7, 8, 9]
    repeated = Labels(small.seen.days[twice], small.seen.event[twice])
    counts = np.bincount(twice, minlength=120).astype(float)
    weighted = CensoringWeights(small.seen).by_horizon([HORIZON], counts)[HORIZON]
    plain = CensoringWeights(repeated).at(HORIZON)
    assert weighted == pytest.approx(np.bincount(twice, plain))


def test_auc_is_the_share_of_weighted_pairs_in_order(small: Population) -> None:
    rough = np.round(small.score, 1)
    assert auc(rough, small.seen, HORIZON) == pytest.approx(
        _auc_slowly(rough, small.seen, HORIZON), abs=1e-12
    )


def test_without_censoring_auc_and_brier_are_scikit_learns() -> None:
    people = population(500, seed=5)
    cases = people.truth.cases(HORIZON)
    probability = people.probability(HORIZON)
    assert auc(people.score, people.truth, HORIZON) == pytest.approx(
        roc_auc_score(cases, people.score)
    )
    assert brier(probability, people.truth, HORIZON) == pytest.approx(
        brier_score_loss(cases, probability)
    )


def test_auc_of_perfect_reversed_constant_and_random_scores() -> None:
    people = population(4000, seed=1)
    perfect = people.seen.cases(HORIZON).astype(float)
    assert auc(perfect, people.seen, HORIZON) == pytest.approx(1)
    assert auc(-perfect, people.seen, HORIZON) == pytest.approx(0)
    assert auc(np.zeros(4000), people.seen, HORIZON) == pytest.approx(0.5)
    random = np.random.default_rng(2).uniform(size=4000)
    assert auc(random, people.seen, HORIZON) == pytest.approx(0.5, abs=0.03)


def test_auc_without_any_break_off_is_not_a_number() -> None:
    labels = Labels(np.array([3.0, 20.0]), np.array([WON, CENSORED]))
    assert np.isnan(auc(np.array([0.1, 0.2]), labels, HORIZON))


def test_auc_of_a_single_deal_is_not_a_number() -> None:
    labels = Labels(np.array([3.0]), np.array([BROKEN_OFF]))
    assert np.isnan(auc(np.array([0.1]), labels, HORIZON))


@pytest.mark.parametrize("horizon", [14, 30])
def test_heavy_censoring_does_not_bend_auc_brier_or_calibration(horizon: int) -> None:
    people = population(40_000, seed=8, last_day=45)
    assert np.mean(people.seen.event == CENSORED) > 0.4
    probability = people.probability(horizon)
    assert auc(people.score, people.seen, horizon) == pytest.approx(
        auc(people.score, people.truth, horizon), abs=0.012
    )
    assert brier(probability, people.seen, horizon) == pytest.approx(
        brier(probability, people.truth, horizon), abs=0.004
    )
    assert reliability(probability, people.seen, horizon).ece < 0.015


def test_brier_of_a_constant_equals_p_times_one_minus_p() -> None:
    people = population(300, seed=4)
    rate = _incidence_slowly(people.seen, HORIZON)
    constant = np.full(300, rate)
    assert brier(constant, people.seen, HORIZON) == pytest.approx(rate * (1 - rate), rel=0.02)


def test_weighted_share_of_break_offs_is_the_aalen_johansen_estimate(small: Population) -> None:
    weights = CensoringWeights(small.seen).at(HORIZON)
    weighted = weights @ small.seen.cases(HORIZON) / len(weights)
    assert weighted == pytest.approx(_incidence_slowly(small.seen, HORIZON))


def test_integrated_brier_by_hand() -> None:
    assert integrated([10, 30], [0.1, 0.3]) == pytest.approx((0.5 + 4.0) / 30)
    with pytest.raises(ValueError, match="no horizon"):
        integrated([], [])


def test_calibration_error_of_the_truth_is_small_and_of_a_shift_is_the_shift() -> None:
    people = population(40_000, seed=6)
    probability = people.probability(HORIZON)
    assert reliability(probability, people.truth, HORIZON).ece < 0.01
    shifted = reliability(np.minimum(probability + 0.1, 1), people.truth, HORIZON)
    assert shifted.ece == pytest.approx(0.1, abs=0.01)


def test_reliability_has_ten_even_bins_or_fewer_where_probabilities_are_equal() -> None:
    people = population(5000, seed=6)
    curve = reliability(people.probability(HORIZON), people.seen, HORIZON)
    assert curve.landmarks.tolist() == [5000 / BINS] * BINS
    assert np.all(np.diff(curve.predicted) > 0)
    constant = reliability(np.full(5000, 0.2), people.seen, HORIZON)
    assert constant.landmarks.tolist() == [5000]


def test_a_bin_in_which_all_are_censored_is_left_out_of_the_error() -> None:
    labels = Labels(np.array([1.0, 2.0, 20.0, 20.0]), np.array([CENSORED, CENSORED, WON, CENSORED]))
    curve = reliability(np.array([0.1, 0.1, 0.5, 0.5]), labels, HORIZON)
    assert np.isnan(curve.observed[0])
    assert curve.ece == pytest.approx(0.5)
