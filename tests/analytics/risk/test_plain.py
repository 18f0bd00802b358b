"""The plain part of the hazards, and how it is weighed against the trees."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tsunagu.analytics.risk import plain
from tsunagu.analytics.risk.arrays import SECONDS_PER_DAY
from tsunagu.analytics.risk.calendar import Calendar
from tsunagu.analytics.risk.periods import CAUSES, INTERVALS, PersonPeriods, expand
from tsunagu.analytics.risk.plain import Plain
from tsunagu.analytics.risk.settings import Settings
from tsunagu.analytics.risk.trees import Lesson

NAMES = ("days_since_created", "calls", "attr:source", "month")
WEEK = 7 * SECONDS_PER_DAY


def _deals(count: int) -> tuple[Lesson, PersonPeriods]:
    """Deals without calls, and those of source 1, break off more often; the month says nothing."""
    random = np.random.default_rng(0)
    age, calls = random.uniform(0, 90, count), random.poisson(2, count).astype(float)
    calls[random.random(count) < 0.1] = np.nan
    source, month = random.integers(0, 3, count), random.integers(1, 13, count)
    odds = np.exp(-2.0 - 1.0 * np.log1p(np.nan_to_num(calls)) + 1.0 * (source == 1))
    broke = random.random(count) < odds / (1 + odds)
    ended = np.where(broke, SECONDS_PER_DAY, np.nan)
    rows = expand(np.zeros(count), ended, np.where(broke, 2, 0), WEEK)
    features = np.column_stack([age, calls, source, month]).astype(np.float32)
    base, still = np.full((INTERVALS, len(CAUSES)), 0.1), Calendar(np.zeros(0), np.zeros((0, 3)))
    return Lesson(features, [2], base, Settings(), 0, np.zeros(count), still), rows


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return _deals(6_000)[0]


@pytest.fixture(scope="module")
def line() -> Plain:
    lesson, rows = _deals(6_000)
    return plain.fit(lesson, NAMES, rows)


def test_it_learns_who_breaks_off(line: Plain) -> None:
    asked = np.array([[30, 0, 1, 6], [30, 5, 0, 6]], dtype=np.float32)
    likely, unlikely = line.log_odds(asked)[:, 0, 1]
    assert likely - unlikely == pytest.approx(1.0 + np.log(6), abs=0.4)


def test_each_feature_has_its_part_and_the_parts_sum_to_the_log_odds(
    line: Plain, lesson: Lesson
) -> None:
    some = lesson.features[:50]
    parts = line.contributions(some)
    assert parts.sum(axis=1) + line.base[0, 1] == pytest.approx(line.log_odds(some)[:, 0, 1])
    assert not parts[:, NAMES.index("month")].any()
    assert parts[:, NAMES.index("calls")].std() > 5 * parts[:, 0].std()


def test_it_comes_back_from_json_as_it_was(line: Plain, lesson: Lesson) -> None:
    again = Plain.from_dict(json.loads(json.dumps(line.to_dict())))
    assert np.array_equal(again.log_odds(lesson.features), line.log_odds(lesson.features))


def test_a_deal_alone_and_among_others_gets_the_same_number(line: Plain, lesson: Lesson) -> None:
    alone = np.concatenate([line.log_odds(lesson.features[i : i + 1]) for i in range(40)])
    assert np.array_equal(alone, line.log_odds(lesson.features[:40]))


def test_the_part_that_was_right_later_gets_the_weight(line: Plain, lesson: Lesson) -> None:
    rows = _deals(6_000)[1]
    told = line.log_odds(lesson.features)[rows.landmark, rows.interval]
    chance = np.random.default_rng(1).permutation(told)
    level = np.ones_like(told)
    assert plain.share_of_trees(told, chance, rows, level) < 0.3
    assert plain.share_of_trees(chance, told, rows, level) > 0.7
    none = rows.where(np.zeros(len(rows), dtype=bool))
    assert plain.share_of_trees(told[:0], chance[:0], none, level[:0]) == 0.5
