"""Beta calibration, gamma-Poisson pooling, blending."""

from __future__ import annotations

import numpy as np
import pytest

from tsunagu.analytics.risk import calibration, pooling
from tsunagu.analytics.risk.periods import INTERVALS, PersonPeriods


def _rows(label: np.ndarray, interval: np.ndarray | None = None) -> PersonPeriods:
    n = len(label)
    at = np.zeros(n, dtype=np.int64) if interval is None else interval
    ones = np.ones(n)
    return PersonPeriods(np.arange(n), at, label, ones, ones, ones)


def test_calibrated_hazards_leave_survivors() -> None:
    high = calibration.BetaMap(c=20.0)
    fitted = calibration.Calibration(((high,) * 3,) * INTERVALS, "")
    assert (fitted(np.full((2, INTERVALS, 3), 0.3)).sum(axis=2) < 1).all()


def test_without_outcomes_the_prior_stands() -> None:
    ratios = pooling.pooled_ratios(_rows(np.zeros(0, np.int64)), np.zeros((0, 3)), 5.0)
    assert np.allclose(ratios, 1.0)


def test_many_outcomes_move_the_prior_to_what_was_seen() -> None:
    label = np.where(np.arange(10_000) % 5 == 0, 2, 0)
    ratios = pooling.pooled_ratios(_rows(label), np.full((10_000, 3), 0.05), 5.0)
    assert ratios[0, 1] == pytest.approx(4.0, rel=0.05)
    assert ratios[0, 0] < 0.05


def test_one_outcome_moves_the_prior_only_a_little() -> None:
    label = np.array([0, 0, 0, 2])
    ratios = pooling.pooled_ratios(_rows(label), np.full((4, 3), 0.02), 5.0)
    assert 1.0 < ratios[0, 1] < 1.6


def test_one_event_seen_by_many_weekly_landmarks_counts_about_once() -> None:
    interval = np.full(4, 4)  # (60, 90] days: four weekly landmarks see the same end
    ratios = pooling.pooled_ratios(_rows(np.full(4, 2), interval), np.full((4, 3), 1e-9), 5.0)
    assert ratios[4, 1] == pytest.approx((1 + 4 * 7 / 30 / 5) ** 1, rel=0.2)


def test_the_blend_moves_from_the_prior_to_the_trees() -> None:
    prior, trees = np.full((1, INTERVALS, 3), 0.02), np.full((1, INTERVALS, 3), 0.2)
    assert np.allclose(pooling.blend(prior, trees, 0.0), prior)
    assert np.allclose(pooling.blend(prior, trees, 1.0), trees)
    between = pooling.blend(prior, trees, pooling.trees_weight(50, 50.0))
    assert ((between > prior) & (between < trees)).all()
