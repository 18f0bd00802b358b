"""What plays do: adjusted for hardness, pooled, and silent while it is too early."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.analytics.plays.making import ALL_KNOWN, LONG_AGO, UNTIL, drawn, plain

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
    effects = fit(CASES, UNTIL, settings=ALL_KNOWN)
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


def test_what_nobody_wrote_down_is_allowed_for_and_then_it_is_too_early_to_say() -> None:
    ungraded = CASES.drop_columns(["severity"])
    blind = fit(ungraded, UNTIL, settings=ALL_KNOWN).of("visit")
    honest = fit(ungraded, UNTIL).of("visit")
    assert blind is not None
    assert honest is not None
    assert blind.chance.high < TRUTH["visit"]  # to believe that nothing is hidden misleads
    assert honest.chance.low < TRUTH["visit"] < honest.chance.high
    assert honest.verdict == Verdict.TOO_EARLY


def graded(share: float, seed: int = 4) -> pa.Table:
    """The cases with people's rough grades instead of the severity itself."""
    rng = np.random.default_rng(seed)
    severity = CASES["severity"].to_numpy()
    rough = np.clip(np.round(3 + severity + 0.5 * rng.normal(size=len(severity))), 1, 5)
    said = pa.array(rough, mask=rng.random(len(rough)) >= share)
    return CASES.drop_columns(["severity"]).append_column("grade", said)


def test_grades_narrow_what_is_hidden_to_what_they_leave_untold() -> None:
    widths = []
    for share in (0.0, 0.3, 1.0):
        effect = fit(graded(share), UNTIL).of("visit")
        assert effect is not None
        assert effect.chance.low < TRUTH["visit"] < effect.chance.high
        widths.append(effect.chance.width)
    assert max(widths[1:]) < 0.5 * widths[0]


def test_a_rough_grade_counts_for_what_it_stands_for() -> None:
    """Hardness is adjusted for further than the grades alone reach, and the way they point."""
    least = fit(graded(1), UNTIL, settings=ALL_KNOWN).of("visit")
    more = fit(graded(1), UNTIL).of("visit")
    assert least is not None
    assert more is not None
    assert least.chance.mean < more.chance.mean
    assert abs(more.chance.mean - TRUTH["visit"]) < abs(least.chance.mean - TRUTH["visit"])


def test_a_play_that_helps_in_one_cause_and_harms_in_another_is_not_drawn_to_its_mean() -> None:
    causes = ("a", "b", "c", "d")
    shares = {"visit": (90, 10, 90, 10), "letter": (40, 40, 40, 40), "call": (40, 40, 40, 40)}
    cases = pa.concat_tables(
        plain(play, 100, back, cause)
        for play, shares_ in shares.items()
        for cause, back in zip(causes, shares_, strict=True)
    )
    effects = fit(cases, UNTIL, settings=ALL_KNOWN)
    for cause, back in zip(causes, shares["visit"], strict=True):
        uneven, even = effects.of("visit", cause), effects.of("letter", cause)
        assert uneven is not None
        assert even is not None
        assert abs(uneven.chance.mean - back / 100) < 0.05
        assert abs(even.chance.mean - 0.4) < 0.05


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
    effects = fit(cases, UNTIL, settings=ALL_KNOWN)
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
    def off(share: float) -> float:
        cases = graded(share)
        effects, said = fit(cases, UNTIL), cases["grade"]
        assert effects.known == {"grade": len(said) - said.null_count}
        found = {play: effects.of(play) for play in TRUTH}
        return max(abs(e.chance.mean - TRUTH[p]) for p, e in found.items() if e is not None)

    none, some, each = off(0), off(0.6), off(1)
    assert max(some, each) < 0.5 * none


def test_effects_of_old_that_do_not_say_what_was_known_are_still_read() -> None:
    content = fit(CASES, UNTIL).to_dict()
    del content["known"]
    assert PlayEffects.from_dict(content).known == {}
