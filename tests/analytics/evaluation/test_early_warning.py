"""Early warning at equal alert volume, by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from tsunagu.analytics.evaluation.early_warning import (
    Alerts,
    alerts,
    quotas,
    top,
    weekly_counts,
    weighted_median,
)
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, CENSORED, Labels, Landmarks

from .simulated import WON, ids

DAY = 86_400_000_000


def _weekly(ends: list[tuple[float, int]], weeks: int, observed: float) -> Landmarks:
    """Deals all created on day 0, each ending on a day with an event; a landmark each week."""
    rows = [
        (7.0 * week, deal)
        for week in range(weeks)
        for deal, (end, _) in enumerate(ends)
        if end > 7.0 * week
    ]
    at = np.array([day for day, _ in rows])
    deal = np.array([number for _, number in rows])
    end = np.array([ends[number][0] for number in deal])
    event = np.array([ends[number][1] for number in deal])
    return Landmarks(
        ids(len(ends)), deal, (at * DAY).astype(np.int64), Labels(end - at, event), observed - at
    )


ENDS = [(20.0, BROKEN_OFF), (33.0, BROKEN_OFF), (25.0, WON), (40.0, CENSORED)]
ONCE = np.ones(len(ENDS))


@pytest.fixture
def landmarks() -> Landmarks:
    return _weekly(ENDS, weeks=5, observed=40.0)


def _by_deal(landmarks: Landmarks, score: list[float]) -> np.ndarray:
    return np.array(score)[landmarks.deal]


def _listed(landmarks: Landmarks, score: list[float], per_week: int) -> Alerts:
    weeks = len(np.unique(landmarks.at))
    listed = top(landmarks, _by_deal(landmarks, score), np.full(weeks, per_week))
    return alerts(landmarks, listed, precision_days=14)


def test_a_model_that_knows_the_future_warns_of_all_in_time(landmarks: Landmarks) -> None:
    found = _listed(landmarks, [0.9, 0.8, 0.1, 0.2], per_week=2)
    assert found.lead.tolist() == [20, 33]
    assert found.warned(7, ONCE) == 1
    assert found.warned(30, ONCE) == 0.5
    assert found.median_lead(ONCE) == 26.5


def test_alerts_per_warning_and_precision_by_hand(landmarks: Landmarks) -> None:
    found = _listed(landmarks, [0.9, 0.1, 0.2, 0.0], per_week=1)
    # D0 is listed on days 0, 7 and 14; then D2 (won on day 25) on day 21, and D1 on day 28
    assert found.listings.tolist() == [3, 1, 1, 0]
    assert found.lead.tolist() == [20, 5]
    assert found.per_warning(ONCE) == 5
    # followed for 14 days: the listings up to day 26; right: D0 on days 7 and 14
    assert found.precision(ONCE) == pytest.approx(2 / 4)


def test_only_the_listing_within_ninety_days_is_a_warning() -> None:
    landmarks = _weekly([(120.0, BROKEN_OFF), (130.0, CENSORED)], weeks=17, observed=130.0)
    early = landmarks.at == 0
    assert alerts(landmarks, early & (landmarks.deal == 0), 30).warned(7, np.ones(2)) == 0
    both = (early | (landmarks.at == 35 * DAY)) & (landmarks.deal == 0)
    assert alerts(landmarks, both, 30).lead[0] == 85


def test_value_weighting_counts_the_large_deal_more_and_leaves_out_unknown_ones(
    landmarks: Landmarks,
) -> None:
    found = _listed(landmarks, [0.9, 0.1, 0.2, 0.0], per_week=1)
    assert found.warned(7, np.array([300.0, 100.0, 1.0, 1.0])) == 0.75
    assert found.warned(7, np.array([np.nan, 100.0, 1.0, 1.0])) == 0


def test_without_a_break_off_there_is_nothing_to_warn_of() -> None:
    landmarks = _weekly([(20.0, WON)], weeks=2, observed=30.0)
    found = alerts(landmarks, np.array([True, True]), 14)
    assert np.isnan(found.warned(7, np.ones(1)))
    assert np.isnan(found.median_lead(np.ones(1)))
    assert np.isnan(found.per_warning(np.ones(1)))
    assert found.precision(np.ones(1)) == 0


def test_every_predictor_lists_equally_many_and_rounding_is_carried_over() -> None:
    at = np.repeat(np.arange(10), 7)
    assert quotas(at, 10).sum() == 7
    assert set(quotas(at, 10).tolist()) <= {0, 1}
    assert quotas(at, 100).tolist() == [7] * 10


def test_the_list_holds_each_weeks_riskiest() -> None:
    random = np.random.default_rng(0)
    landmarks = _weekly([(float(end), WON) for end in random.integers(1, 90, 60)], 12, 99.0)
    score = np.round(random.uniform(size=len(landmarks)), 1)
    per_week = quotas(landmarks.at, 20)
    chosen = top(landmarks, score, per_week)
    for week, instant in enumerate(np.unique(landmarks.at)):
        rows = np.flatnonzero(landmarks.at == instant)
        expected = sorted(rows, key=lambda row: (-score[row], landmarks.deal[row]))
        assert set(np.flatnonzero(chosen & (landmarks.at == instant))) == set(
            expected[: per_week[week]]
        )
    assert weekly_counts(landmarks.at, chosen).tolist() == per_week.tolist()


def test_a_constant_score_lists_deals_by_their_id(landmarks: Landmarks) -> None:
    chosen = top(landmarks, np.zeros(len(landmarks)), np.ones(5, dtype=np.int64))
    assert landmarks.deal[chosen].tolist() == [0, 0, 0, 1, 1]


def test_weighted_median() -> None:
    values = np.array([5.0, 1.0, 3.0])
    assert weighted_median(values, np.ones(3)) == 3
    assert weighted_median(values, np.array([0.0, 1.0, 1.0])) == 2
    assert weighted_median(values, np.array([5.0, 1.0, 1.0])) == 5
    assert np.isnan(weighted_median(values, np.zeros(3)))
