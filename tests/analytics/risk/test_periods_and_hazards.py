"""Person-periods, hazards and cumulative incidences."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.periods import CLASS_OF, INTERVALS, expand, thin

DAY = 86_400.0
HAZARDS = arrays(np.float64, (4, INTERVALS, 3), elements=st.floats(0, 1))


@given(HAZARDS)
def test_incidences_grow_with_the_horizon_and_never_sum_above_one(raw: np.ndarray) -> None:
    incidence = hz.cumulative_incidence(hz.bounded(raw))
    assert (incidence >= 0).all()
    assert (incidence.sum(axis=2) <= 1.0).all()
    assert (np.diff(incidence, axis=1) >= 0).all()


@given(arrays(np.float64, (5, 3), elements=st.floats(-12, 12)))
def test_log_odds_and_hazards_are_inverse(log_odds: np.ndarray) -> None:
    hazards = hz.from_log_odds(log_odds)
    assert (hazards.sum(axis=1) < 1).all()
    assert np.allclose(hz.from_log_odds(hz.to_log_odds(hazards)), hazards, atol=1e-5)


def test_a_constant_hazard_gives_the_geometric_incidence() -> None:
    hazards = np.zeros((1, INTERVALS, 3))
    hazards[:, :, 1] = 0.2
    incidence = hz.cumulative_incidence(hazards)[0, :, 1]
    assert np.allclose(incidence, 1 - 0.8 ** np.arange(1, INTERVALS + 1))


def test_a_deal_is_seen_in_each_interval_up_to_its_end() -> None:
    rows = expand(
        np.array([0.0]), np.array([10 * DAY]), np.array([CLASS_OF["broken_off"]]), 365 * DAY
    )
    assert rows.interval.tolist() == [0, 1]
    assert rows.label.tolist() == [0, CLASS_OF["broken_off"]]
    assert rows.exposure.tolist() == [7.0, 3.0]


def test_an_open_deal_is_seen_only_in_intervals_watched_to_their_end() -> None:
    rows = expand(np.array([0.0]), np.array([np.nan]), np.array([0]), 20 * DAY)
    assert rows.interval.tolist() == [0, 1]
    assert rows.label.tolist() == [0, 0]


def test_half_watched_intervals_do_not_raise_the_hazard() -> None:
    # Ten deals at each of the last days, a hazard of one end in ten a day, observed for 3 days.
    ended = np.where(np.arange(100) < 27, 2 * DAY, np.nan)
    rows = expand(np.zeros(100), ended, np.where(np.arange(100) < 27, 1, 0), 3 * DAY)
    assert len(rows) == 0


def test_an_outcome_after_the_end_of_observation_is_unknown() -> None:
    rows = expand(np.array([0.0]), np.array([40 * DAY]), np.array([1]), 35 * DAY)
    assert rows.interval.tolist() == [0, 1, 2]
    assert rows.label.tolist() == [0, 0, 0]


def test_thinning_keeps_every_event_and_the_sum_of_weights() -> None:
    n = 20_000
    ended = np.where(np.arange(n) % 50 == 0, 5 * DAY, np.nan)
    rows = expand(np.zeros(n), ended, np.where(np.isnan(ended), 0, 2), 365 * DAY)
    thinned = thin(rows, 10_000, np.random.default_rng(0))
    assert len(thinned) < 11_000
    assert (thinned.label > 0).sum() == (rows.label > 0).sum()
    assert abs(thinned.weight.sum() / rows.weight.sum() - 1) < 0.02


def test_where_ends_alone_are_too_many_won_and_lost_ones_are_thinned_and_no_break_off() -> None:
    n = 40_000
    ended = np.where(np.arange(n) % 2 == 0, 5 * DAY, np.nan)
    outcome = np.where(np.isnan(ended), 0, np.where(np.arange(n) % 10 == 0, 2, 1))
    rows = expand(np.zeros(n), ended, outcome, 365 * DAY)
    thinned = thin(rows, 10_000, np.random.default_rng(0))
    assert len(thinned) < 12_000 < len(rows) // 9
    for label in (0, 1, 2):
        before, after = (part.weight[part.label == label] for part in (rows, thinned))
        assert abs(after.sum() / before.sum() - 1) < 0.05
    assert (thinned.label == 2).sum() == (rows.label == 2).sum() == 4_000


def test_where_break_offs_alone_are_too_many_they_too_are_thinned_and_weigh_as_before() -> None:
    n = 40_000
    ended = np.where(np.arange(n) % 4 > 0, 5 * DAY, np.nan)
    rows = expand(np.zeros(n), ended, np.where(np.isnan(ended), 0, 2), 365 * DAY)
    thinned = thin(rows, 10_000, np.random.default_rng(0))
    assert len(thinned) < 11_000
    for label in (0, 2):
        before, after = (part.weight[part.label == label] for part in (rows, thinned))
        assert abs(after.sum() / before.sum() - 1) < 0.05
