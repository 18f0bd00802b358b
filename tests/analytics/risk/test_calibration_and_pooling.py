"""Beta calibration, gamma-Poisson pooling, blending."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tsunagu.analytics.risk import calibration, pooling
from tsunagu.analytics.risk.periods import INTERVALS, PersonPeriods


def _rows(label: np.ndarray, interval: np.ndarray | None = None) -> PersonPeriods:
    n = len(label)
    at = np.zeros(n, dtype=np.int64) if interval is None else interval
    ones = np.ones(n)
    return PersonPeriods(np.arange(n), at, label, ones, ones, ones)


def _log_loss(p: np.ndarray, y: np.ndarray) -> float:
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def test_calibration_mends_an_overconfident_forecast() -> None:
    rng = np.random.default_rng(3)
    true = rng.uniform(0.02, 0.5, 20_000)
    happened = (rng.random(20_000) < true).astype(float)
    told = true**2 * 0.7
    fitted = calibration.fit_beta(told, happened, np.ones(20_000))
    assert _log_loss(fitted(told), happened) < _log_loss(told, happened) - 0.02
    assert np.abs(fitted(told) - true).mean() < 0.02


def test_calibration_never_turns_the_order_round() -> None:
    rng = np.random.default_rng(4)
    told = rng.uniform(0.01, 0.9, 3_000)
    happened = (rng.random(3_000) < 1 - told).astype(float)
    fitted = calibration.fit_beta(told, happened, np.ones(3_000))
    assert fitted.a >= 0
    assert fitted.b >= 0


def test_too_few_events_leave_a_cause_as_it_is_and_say_so() -> None:
    label = np.array([0] * 200 + [2] * 5)
    fitted = calibration.fit(np.full((205, 3), 0.1), _rows(label), pooled=30, alone=100)
    assert fitted.maps == calibration.identity("").maps
    assert "broken_off as is (fewer than 30 events)" in fitted.method


def test_an_interval_with_many_events_gets_its_own_map() -> None:
    rng = np.random.default_rng(5)
    interval = np.repeat(np.arange(2), 4_000)
    label = np.where(rng.random(8_000) < np.where(interval == 0, 0.2, 0.005), 2, 0)
    fitted = calibration.fit(
        np.full((8_000, 3), 0.05), _rows(label, interval), pooled=30, alone=100
    )
    first, second = fitted.maps[0][1], fitted.maps[1][1]
    assert first(np.array([0.05]))[0] == pytest.approx(0.2, abs=0.02)
    assert second == fitted.maps[4][1] != first


def _months(shares: list[float]) -> tuple[np.ndarray, PersonPeriods]:
    """Four stretches of time in which these shares of the deals told 10% break off."""
    rng = np.random.default_rng(6)
    label = np.concatenate([np.where(rng.random(3_000) < share, 2, 0) for share in shares])
    rows = _rows(label)
    closes = np.repeat(np.arange(4.0), 3_000)
    return np.full((len(label), 3), 0.1), replace(rows, closes=closes)


def test_a_correction_is_kept_where_it_holds_and_dropped_where_it_does_not() -> None:
    kept = calibration.fit_if_it_lasts(*_months([0.3, 0.3, 0.3, 0.3]), pooled=30, alone=100)
    assert kept.maps[0][1](np.array([0.1]))[0] == pytest.approx(0.3, abs=0.02)
    dropped = calibration.fit_if_it_lasts(*_months([0.5, 0.05, 0.5, 0.05]), pooled=30, alone=100)
    assert dropped.maps == calibration.identity("").maps
    assert dropped.method.startswith("none")


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
