"""A deal's risk to break off as people read it: a word beside the number, and where it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TREND_DAYS = 28
"""How far back a trend looks."""

TREND_LEAST = 0.03
"""A smaller move than three points says nothing."""


class Level(TextChoices):
    """The word for a risk within 30 days."""

    LOW = "low", _("low")
    RAISED = "raised", _("raised")
    HIGH = "high", _("high")
    VERY_HIGH = "very-high", _("very high")


class Verdict(TextChoices):
    """What can be said of the next 30 days; the values are those of the analytics.

    Not “likely”: the bounds are by kind of deal, and where few break off most of those above them
    go on all the same.
    """

    BREAKS_OFF = "breaks_off", _("Looks like deals that break off")
    HOLDS = "holds", _("Looks like deals that go on")
    UNSURE = "not_enough_evidence", _("Not enough evidence to tell which it is like")

    @property
    def icon(self) -> str:
        """The name of its icon."""
        return {"breaks_off": "alert-triangle", "holds": "circle-check"}.get(
            self.value, "zoom-question"
        )


VERDICT_PLACE = 2
"""Where 30 days stand among a score's verdicts."""


LEAST = ((0.5, Level.VERY_HIGH), (0.25, Level.HIGH), (0.1, Level.RAISED))
"""From which risk on a word is used; below all of them it is low."""


def level(risk: float) -> Level:
    """The word for ``risk``, a probability, rounded as the screens round it."""
    return next((word for least, word in LEAST if round(risk, 2) >= least), Level.LOW)


def percent(risk: float) -> int:
    """``risk`` as people read it: never 0 or 100, which no forecast can promise."""
    return min(99, max(1, round(100 * risk)))


class Direction(TextChoices):
    """Where a risk is going; each value is its icon's name."""

    RISING = "arrow-up-right", _("rising")
    FALLING = "arrow-down-right", _("falling")
    STEADY = "arrow-right", _("steady")


@dataclass(frozen=True)
class Trend:
    """How a risk moved: by ``points`` (percentage points) since the day ``since``."""

    direction: Direction
    points: int = 0
    since: date | None = None

    @property
    def word(self) -> str | Promise:
        """In words."""
        return self.direction.label


def trend(now: float, points: Iterable[tuple[date, float]], today: date) -> Trend | None:
    """Compare ``now`` with the lowest and highest of the last :data:`TREND_DAYS` days.

    The larger distance tells the direction; ``since`` is the day on which that extreme was left.
    None where no earlier day is known.
    """
    first = today - timedelta(days=TREND_DAYS)
    past = [(on, risk) for on, risk in points if first <= on < today]
    if not past:
        return None
    low, high = _last(past, min), _last(past, max)
    rise, fall = now - low[1], high[1] - now
    if max(rise, fall) < TREND_LEAST:
        return Trend(Direction.STEADY, since=past[0][0])
    if rise >= fall:
        return Trend(Direction.RISING, round(100 * now) - round(100 * low[1]), low[0])
    return Trend(Direction.FALLING, round(100 * now) - round(100 * high[1]), high[0])


def _last(
    past: Sequence[tuple[date, float]], pick: Callable[[Iterable[float]], float]
) -> tuple[date, float]:
    """The last day on which the extreme stood."""
    extreme = pick([risk for _day, risk in past])
    return next(point for point in reversed(past) if point[1] == extreme)
