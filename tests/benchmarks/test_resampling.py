"""The benchmarks' bootstrap does at once what a loop over replicates would do."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.foresight import resampling
from sklearn.metrics import roc_auc_score

DEALS, ROWS = 40, 300
RANDOM = np.random.default_rng(0)
DEAL = RANDOM.integers(0, DEALS, ROWS)
SCORE = np.round(RANDOM.random(ROWS), 1)
POSITIVE = RANDOM.random(ROWS) < SCORE
WEIGHTS = resampling.weights(DEALS, 25, seed=1)


def test_the_first_figure_is_of_every_deal_once() -> None:
    found = resampling.aucs(SCORE, POSITIVE, DEAL, WEIGHTS)
    assert found[0] == pytest.approx(roc_auc_score(POSITIVE, SCORE))


def test_a_drawn_deal_brings_all_its_rows_as_often_as_it_is_drawn() -> None:
    found = resampling.aucs(SCORE, POSITIVE, DEAL, WEIGHTS)
    looped = [roc_auc_score(POSITIVE, SCORE, sample_weight=w[DEAL]) for w in WEIGHTS]
    assert found == pytest.approx(np.array(looped))


def test_a_replicate_without_a_positive_row_is_unknown() -> None:
    found = resampling.aucs(SCORE, np.zeros(ROWS, dtype=bool), DEAL, WEIGHTS)
    assert np.isnan(found).all()


def test_groups_are_averaged_by_their_rows_and_unknown_ones_left_out() -> None:
    by_group = {1: np.array([0.6, 0.8]), 2: np.array([0.9, np.nan])}
    assert resampling.averaged(by_group, {1: 1, 2: 2}) == pytest.approx([0.8, 0.8])


def test_calibration_error_is_the_mean_gap_over_bins() -> None:
    told = np.repeat([0.2, 0.6], ROWS // 2)
    true = np.arange(ROWS) % 2 == 0
    assert resampling.eces(told, true, DEAL, WEIGHTS)[0] == pytest.approx((0.3 + 0.1) / 2)


def test_errors_of_replicates_count_each_row_by_its_deal() -> None:
    found = resampling.briers(SCORE, POSITIVE, DEAL, WEIGHTS)
    looped = [np.average((SCORE - POSITIVE) ** 2, weights=w[DEAL]) for w in WEIGHTS]
    assert found == pytest.approx(np.array(looped))


def test_differences_are_paired() -> None:
    one = resampling.sample({"auc": np.array([0.7, 0.6, 0.8])})
    other = resampling.sample({"auc": np.array([0.6, 0.5, 0.7])})
    found = one.minus(other, "auc")
    assert (found.low, found.value, found.high) == pytest.approx((0.1, 0.1, 0.1))
