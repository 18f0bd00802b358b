"""Drift is told where it is large, beyond chance and well founded, and nowhere else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics.features.specs import FeatureSpec
from tsunagu.analytics.lifecycle import Reference, calibration, features, volume
from tsunagu.analytics.lifecycle.drift import limit, stability
from tsunagu.analytics.lifecycle.reference import of_table

SPECS = (
    FeatureSpec("silence", "silence", False, "沈黙", "Silence"),
    FeatureSpec("stage", "stage_time", True, "段階", "Stage"),
    FeatureSpec("month", "calendar", True, "月", "Month"),
)


def table(seed: int, deals: int = 300, *, longer: float = 0.0, unknown: float = 0.1) -> pa.Table:
    random = np.random.default_rng(seed)
    silence = random.exponential(10, deals) + longer
    silence[random.random(deals) < unknown] = np.nan
    return pa.table(
        {
            "deal_id": [f"d{n}" for n in range(deals)],
            "silence": pa.array(silence, from_pandas=True),
            "stage": pa.array(random.integers(-1, 4, deals), pa.int32()),
            "month": pa.array([seed % 12] * deals, pa.int32()),
        }
    )


def drifted(now: pa.Table, usual: pa.Table | None = None) -> list[str]:
    found = features(of_table(usual or table(1), SPECS), now)
    return [reading.subject for reading in found if reading.drifted]


def test_a_steady_team_is_left_in_peace() -> None:
    assert [drifted(table(seed)) for seed in range(2, 22)] == [[]] * 20


def test_a_shifted_feature_is_told_and_only_that_one() -> None:
    assert drifted(table(2, longer=10)) == ["silence"]


def test_what_was_known_and_is_no_more_is_told() -> None:
    assert drifted(table(2, unknown=0.6)) == ["silence"]


def test_few_deals_prove_nothing() -> None:
    assert drifted(table(2, deals=30, longer=30)) == []


def test_the_time_of_the_year_is_not_watched() -> None:
    assert set(of_table(table(1), SPECS).bins) == {"silence", "stage"}


def test_a_reference_outlives_its_journey_through_json() -> None:
    usual = of_table(table(1), SPECS)
    assert Reference.from_dict(usual.to_dict()) == usual


def test_stability_by_hand() -> None:
    assert stability([10, 10], [20, 20]) == pytest.approx(0, abs=1e-6)
    # shares 3/4 and 1/4 against 1/2 and 1/2: (1/4) ln(3/2) - (1/4) ln(1/2)
    assert stability([10_000, 10_000], [15_000, 5_000]) == pytest.approx(0.2747, abs=1e-3)


def test_few_deals_raise_the_limit() -> None:
    assert limit(11, 10_000, 10_000) == 0.25
    assert limit(11, 60, 60) > 0.9


def given(risk: float, deals: int, truth: float, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Four predictions a deal, as of four weeks, with one fate."""
    fate = np.random.default_rng(seed).random(deals) < truth
    deal = np.repeat(np.arange(deals), 4)
    return np.full(4 * deals, risk), fate[deal], deal


def test_a_calibrated_model_is_left_in_peace() -> None:
    assert not any(calibration(*given(0.2, 300, 0.2, seed)).drifted for seed in range(200))


@pytest.mark.parametrize("truth", [0.08, 0.4])
def test_too_many_and_too_few_break_offs_are_told(truth: float) -> None:
    found = calibration(*given(0.2, 300, truth))
    assert found.drifted
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(truth / 0.2, rel=0.25)


def test_without_enough_expected_break_offs_nothing_is_told() -> None:
    found = calibration(*given(0.2, 4, 1.0))
    assert not found.drifted
    assert np.isnan(found.value)
    assert not calibration(np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64)).drifted


def test_a_week_that_halves_is_told_but_no_holiday_week() -> None:
    counts, days = [100, 104, 96, 99, 101, 98, 103, 97, 100], [5] * 9
    assert not volume("events", [*counts, 80], [*days, 5]).drifted
    assert volume("events", [*counts, 30], [*days, 5]).drifted
    assert not volume("events", [*counts, 60], [*days, 3]).drifted
    assert not volume("events", [*counts, 10], [*days, 1]).drifted
    assert volume("events", [*counts, 0], [*days, 5]).drifted
    assert volume("events", [*counts, 300], [*days, 5]).drifted


def test_small_numbers_are_no_alarm() -> None:
    assert not volume("deals", [3, 2, 3, 4, 3, 2, 3, 3, 0], [5] * 9).drifted
    assert not volume("deals", [100, 10], [5, 5]).drifted
    assert not volume("deals", [], []).drifted
