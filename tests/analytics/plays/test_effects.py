"""What plays do: adjusted for hardness, pooled, and silent while it is too early."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.analytics.plays.making import LONG_AGO, UNTIL, drawn, plain

from tsunagu.analytics import testing
from tsunagu.analytics.errors import InputError, TsunaguError
from tsunagu.analytics.plays import PlayEffects, Verdict, case_schema, fit

CASES, TRUTH = drawn(1200)


def test_effects_pass_the_contract_of_all_models(tmp_path: Path) -> None:
    testing.check_play_effects(
        lambda cases, until: fit(cases, until, seed=3),
        PlayEffects.load,
        CASES,
        LONG_AGO + timedelta(days=200),
        tmp_path,
    )


def test_a_fit_that_reads_the_future_breaks_the_contract(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="later"):
        testing.check_play_effects(
            lambda cases, _until: fit(cases, UNTIL),
            PlayEffects.load,
            CASES,
            LONG_AGO + timedelta(days=200),
            tmp_path,
        )


def test_the_strong_play_is_not_blamed_for_the_hard_cases_it_was_given() -> None:
    raw = {
        play: np.mean([b for p, b in zip(*_played(CASES), strict=True) if p == play])
        for play in TRUTH
    }
    assert raw["visit"] < raw["none"]  # the naive comparison has it upside down
    effects = fit(CASES, UNTIL)
    found = {play: effects.of(play) for play in TRUTH}
    for play, truth in TRUTH.items():
        effect = found[play]
        assert effect is not None
        assert effect.chance.low < truth < effect.chance.high
        assert abs(effect.chance.mean - truth) < abs(raw[play] - truth) or play == "letter"
    visit = found["visit"]
    assert visit is not None
    assert visit.against_none is not None
    assert visit.verdict == Verdict.BETTER
    assert visit.against_none.low > 0
    assert visit.best > 0.9


def _played(cases: pa.Table) -> tuple[list[str], list[bool]]:
    return cases["play"].to_pylist(), [b is not None for b in cases["resumed_at"].to_pylist()]


def test_hardness_that_nobody_recorded_cannot_be_adjusted_for() -> None:
    effect = fit(CASES.drop_columns(["severity"]), UNTIL).of("visit")
    assert effect is not None
    assert effect.chance.high < TRUTH["visit"]


def test_intervals_are_within_bounds_and_around_the_mean() -> None:
    for effect in fit(CASES, UNTIL).effects:
        chance = effect.chance
        assert 0 <= chance.low <= chance.low_90 <= chance.mean <= chance.high_90 <= chance.high <= 1
        assert effect.effective <= effect.cases + 1e-9


def test_of_plays_with_enough_cases_one_is_the_best() -> None:
    effects = fit(CASES, UNTIL)
    for cause in ("", "customer", "internal"):
        assert sum(e.best for e in effects.effects if e.cause == cause) == pytest.approx(1)


@pytest.mark.parametrize(("tried", "resumed"), [(1, 1), (9, 9), (12, 7)])
def test_with_few_cases_it_is_too_early_to_say(tried: int, resumed: int) -> None:
    cases = pa.concat_tables([plain("visit", tried, resumed), plain("none", 30, 10)])
    effect = fit(cases, UNTIL).of("visit", "customer")
    assert effect is not None
    assert (effect.cases, effect.resumed) == (tried, resumed)
    assert effect.verdict == Verdict.TOO_EARLY


def test_with_many_cases_it_is_said() -> None:
    cases = pa.concat_tables([plain("visit", 120, 90), plain("none", 120, 30)])
    effects = fit(cases, UNTIL)
    verdicts = {e.play: e.verdict for e in effects.effects if e.cause == ""}
    assert verdicts == {"visit": Verdict.BETTER, "none": Verdict.WORSE}


def test_a_play_that_is_hardly_ever_given_to_such_cases_is_too_early_to_judge() -> None:
    severity = np.linspace(-3, 3, 600)
    cases = plain("visit", 600, 300)
    given = np.where(severity > 1.5, "letter", "visit")  # never where it is easy
    cases = cases.set_column(1, "play", pa.array(given)).append_column(
        "severity", pa.array(severity)
    )
    effect = fit(cases, UNTIL).of("letter")
    assert effect is not None
    assert effect.outside > 0.5
    assert effect.verdict == Verdict.TOO_EARLY


def test_a_rare_cause_borrows_from_the_play_and_keeps_a_wider_interval() -> None:
    cases = pa.concat_tables(
        [
            plain("visit", 80, 60, "customer"),
            plain("visit", 3, 0, "internal"),
            plain("letter", 80, 20, "customer"),
            plain("letter", 40, 10, "internal"),
        ]
    )
    effects = fit(cases, UNTIL)
    rare, common = effects.of("visit", "internal"), effects.of("visit", "customer")
    assert rare is not None
    assert common is not None
    assert 0.1 < rare.chance.mean < common.chance.mean
    assert rare.chance.width > 2 * common.chance.width


def test_a_case_counts_once_its_time_is_over_and_not_sooner_because_it_was_quick() -> None:
    begun = LONG_AGO + timedelta(days=59)
    assert fit(plain("visit", 20, 20), begun).cases == 0
    assert fit(plain("visit", 20, 20), begun + timedelta(days=1)).cases == 20


def test_a_sale_that_resumed_after_the_horizon_was_not_resumed_by_the_play() -> None:
    late = plain("visit", 20, 0).set_column(
        4, case_schema().field("resumed_at"), pa.array([LONG_AGO + timedelta(days=61)] * 20)
    )
    effect = fit(late.cast(case_schema()), UNTIL).of("visit")
    assert effect is not None
    assert effect.resumed == 0


def test_gaps_in_hardness_are_no_numbers_and_no_error() -> None:
    gaps = pa.array([None if n % 3 else 1.0 * n for n in range(40)], pa.float64())
    cases = plain("visit", 40, 20).append_column("value", gaps)
    assert fit(cases, UNTIL).cases == 40


def test_no_cases_give_no_effects() -> None:
    assert fit(case_schema().empty_table(), UNTIL).effects == ()


def test_a_case_twice_and_a_missing_column_are_refused_with_a_remedy() -> None:
    once = plain("visit", 2, 1)
    with pytest.raises(TsunaguError, match="twice"):
        fit(pa.concat_tables([once, once]), UNTIL)
    with pytest.raises(TsunaguError, match="lacks cause"):
        fit(once.drop_columns(["cause"]), UNTIL)


def test_a_damaged_file_is_an_error_of_the_file(tmp_path: Path) -> None:
    effects = fit(plain("visit", 20, 10), UNTIL)
    (path := tmp_path / "effects").write_text("{}")
    with pytest.raises(InputError):
        PlayEffects.load(path)
    replace(effects, seed=1).save(path)
    assert PlayEffects.load(path).seed == 1


def test_a_rough_grade_of_some_cases_mends_a_part_and_it_is_said_of_how_many() -> None:
    rng = np.random.default_rng(4)
    severity = CASES["severity"].to_numpy()
    rough = np.clip(np.round(3 + severity + 0.5 * rng.normal(size=len(severity))), 1, 5)
    ungraded = CASES.drop_columns(["severity"])

    def off(share: float) -> float:
        said = pa.array(rough, mask=rng.random(len(rough)) >= share)
        effects = fit(ungraded.append_column("grade", said), UNTIL)
        assert effects.known == {"grade": len(said) - said.null_count}
        found = {play: effects.of(play) for play in TRUTH}
        return max(abs(e.chance.mean - TRUTH[p]) for p, e in found.items() if e is not None)

    none, some, each = off(0), off(0.6), off(1)
    assert each < some < none
    assert each < 0.5 * none


def test_effects_of_old_that_do_not_say_what_was_known_are_still_read() -> None:
    content = fit(CASES, UNTIL).to_dict()
    del content["known"]
    assert PlayEffects.from_dict(content).known == {}
