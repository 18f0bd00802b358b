"""Words and trends of a risk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tsunagu.app.deals.risk import TREND_DAYS, Direction, Level, level, trend

TODAY = date(2026, 11, 24)


def days(*risks: float) -> list[tuple[date, float]]:
    return [(TODAY - timedelta(days=len(risks) - i), risk) for i, risk in enumerate(risks)]


@pytest.mark.parametrize(
    ("risk", "word"),
    [
        (0.094, Level.LOW),
        (0.096, Level.RAISED),  # shown as 10%
        (0.25, Level.HIGH),
        (0.499, Level.VERY_HIGH),  # shown as 50%
        (1.0, Level.VERY_HIGH),
    ],
)
def test_the_word_follows_the_number_that_is_shown(risk: float, word: Level) -> None:
    assert level(risk) == word


def test_a_rise_counts_from_the_last_day_of_the_low() -> None:
    found = trend(0.36, days(0.30, 0.20, 0.20, 0.28), TODAY)

    assert found is not None
    assert (found.direction, found.points) == (Direction.RISING, 16)
    assert found.since == TODAY - timedelta(days=2)


def test_a_fall_counts_from_the_high() -> None:
    found = trend(0.1, days(0.1, 0.4, 0.2), TODAY)

    assert found is not None
    assert (found.direction, found.points) == (Direction.FALLING, -30)


def test_small_moves_are_steady_and_old_days_do_not_count() -> None:
    steady = trend(0.2, days(0.19, 0.21), TODAY)
    old = [(TODAY - timedelta(days=TREND_DAYS + 1), 0.9)]

    assert steady is not None
    assert steady.direction == Direction.STEADY
    assert trend(0.2, old, TODAY) is None
    assert trend(0.2, [(TODAY, 0.9)], TODAY) is None
