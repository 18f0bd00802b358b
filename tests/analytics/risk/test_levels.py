"""How often deals end lately, and what can be said with a known share of errors."""

from __future__ import annotations

import numpy as np
import pytest

from tsunagu.analytics.contracts import HORIZONS_DAYS, Verdict
from tsunagu.analytics.risk import conformal
from tsunagu.analytics.risk.calendar import WEEK, Calendar, Recent, Weekly, bands, calmed
from tsunagu.analytics.risk.window import DEFAULT_WINDOW, Window, window_for

WEEKS, DEALS = 12, 400


def _weekly(share: np.ndarray, ages: np.ndarray | None = None) -> Weekly:
    """Each week ``share`` of its deals break off a day later; the model expects one in ten."""
    at = np.repeat(np.arange(WEEKS) * WEEK, DEALS)
    place = np.tile(np.arange(DEALS), WEEKS) / DEALS
    broke = place < np.repeat(share, DEALS)
    ended = np.where(broke, at + 86_400.0, np.nan)
    age = np.zeros(len(at)) if ages is None else ages
    expected = np.tile([0.0, 0.1, 0.0], (len(at), 1))
    return Weekly(at, ended, np.where(broke, 2, 0), age, expected)


def test_a_wave_of_break_offs_is_seen_in_its_week_and_counts_less() -> None:
    share = np.full(WEEKS, 0.1)
    share[5] = 0.5
    calendar = Calendar.of(_weekly(share), WEEKS * WEEK)
    assert calendar.ratios[4, 1] == pytest.approx(1.0)
    assert calendar.ratios[5, 1] == pytest.approx(5.0, rel=0.2)
    level = calendar.over(np.array([4.0, 5.0]) * WEEK, np.array([5.0, 6.0]) * WEEK)
    assert calmed(level) == pytest.approx([1.0, 1 / level[1, 1]])
    both = calendar.over(np.array([4 * WEEK]), np.array([6 * WEEK]))
    assert both[0, 1] == pytest.approx(level[:, 1].mean())


def test_the_last_known_level_goes_on_beyond_the_last_week() -> None:
    calendar = Calendar.of(_weekly(np.linspace(0.05, 0.2, WEEKS)), WEEKS * WEEK)
    later = calendar.over(np.array([WEEKS * WEEK]), np.array([(WEEKS + 4) * WEEK]))
    assert later[0] == pytest.approx(calendar.ratios[-1])


YOUNG = np.array([20.0])
AGES = np.tile(np.linspace(0, 100, DEALS), WEEKS)


def test_ages_at_which_deals_began_to_end_are_followed_within_weeks() -> None:
    share = np.where(np.arange(WEEKS) < 6, 0.05, 0.2)  # the youngest are the first to end
    before, after = (
        Recent.of(_weekly(share, AGES), weeks * WEEK, YOUNG).ratios[0, 1] for weeks in (6, WEEKS)
    )
    assert after > 1.3 * before


def test_the_level_of_all_ages_is_left_to_the_next_fit() -> None:
    age = np.tile(np.array([10.0, 30.0]), WEEKS * DEALS // 2)
    busy, calm = (
        Recent.of(_weekly(np.full(WEEKS, share), age), WEEKS * WEEK, YOUNG) for share in (0.4, 0.05)
    )
    assert busy.ratios[:, 1] == pytest.approx(1.0, abs=0.1)
    assert calm.ratios[:, 1] == pytest.approx(1.0, abs=0.1)


def test_only_weeks_that_are_over_are_known() -> None:
    share = np.full(WEEKS, 0.1)
    calm = Recent.of(_weekly(share, AGES), 6 * WEEK, YOUNG)
    share[6:] = 0.9
    assert Recent.of(_weekly(share, AGES), 6 * WEEK, YOUNG).ratios == pytest.approx(calm.ratios)


def test_each_age_has_its_own_level_and_deals_grow_older() -> None:
    found = Recent.of(_weekly(np.full(WEEKS, 0.2), AGES), WEEKS * WEEK, YOUNG)
    assert found.ratios[0, 1] > 2 * found.ratios[1, 1]
    young = found.log_ratios(np.array([10.0]))[0, :, 1]
    assert young[:2] == pytest.approx([np.log(found.ratios[0, 1])] * 2)
    assert young[2] == pytest.approx(np.log(found.ratios[1, 1]))


def test_the_level_of_an_age_tells_less_of_the_months_to_come() -> None:
    found = Recent.of(_weekly(np.full(WEEKS, 0.2), AGES), WEEKS * WEEK, YOUNG)
    old = found.log_ratios(np.array([90.0]))[0, :, 1]
    assert old[:3] == pytest.approx([old[0]] * 3)
    assert old[3:] == pytest.approx([old[0] / 2, old[0] / 4])


def test_bands_of_age_hold_about_as_many_deals_each() -> None:
    age = np.random.default_rng(0).exponential(30, 6_000)
    counts = np.bincount(np.searchsorted(bands(age), age))
    assert len(counts) == 6
    assert counts.min() > 900
    assert not len(bands(np.zeros(0)))


def test_at_most_one_in_ten_of_either_kind_is_told_the_wrong_thing() -> None:
    rng = np.random.default_rng(1)
    true = rng.beta(1, 3, (40_000, 1))
    risk = np.tile(true**1.5, (1, len(HORIZONS_DAYS)))  # badly calibrated on purpose
    broke = np.tile(rng.random((40_000, 1)) < true, (1, len(HORIZONS_DAYS)))
    past, future = slice(0, 20_000), slice(20_000, None)
    known = np.ones_like(broke)
    sure = conformal.learn(risk[past], broke[past], known[past], np.arange(20_000))
    told = np.array(sure.verdicts(risk[future]))[:, 0]
    ends = broke[future][:, 0]
    assert (told[ends] == Verdict.HOLDS).mean() == pytest.approx(0.1, abs=0.02)
    assert (told[~ends] == Verdict.BREAKS_OFF).mean() == pytest.approx(0.1, abs=0.02)
    assert (told == Verdict.UNSURE).any()


def test_of_few_deals_nothing_can_be_said() -> None:
    risk = np.full((8, len(HORIZONS_DAYS)), 0.99)
    broke, known = np.ones_like(risk, dtype=bool), np.ones_like(risk, dtype=bool)
    sure = conformal.learn(risk, broke, known, np.arange(8))
    assert set(sure.verdicts(risk)[0]) == {Verdict.UNSURE}


def test_a_list_for_a_longer_warning_takes_the_window_chosen_for_it_or_the_next_shorter() -> None:
    windows = {7: Window(14, 7), 14: Window(30, 14)}
    assert window_for(windows, 14) == window_for(windows, 30) == Window(30, 14)
    assert window_for(windows, 7) == Window(14, 7)
    assert window_for({}, 14) == DEFAULT_WINDOW
