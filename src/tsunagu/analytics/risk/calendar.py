"""How the level of each end moved from week to week, and at which ages deals end lately.

Break-offs come in waves: a clean-up closes a hundred dead deals in a day, the end of the year
closes none.  A wave says how busy the people who close deals were, little about which deals break
off.  So the trees learn how deals differ *within* their week (an offset, and less weight, for the
rows of a wave).  Waves end: their level says nothing of the next weeks.  At which ages deals end
more often lately than is expected does, and is followed on its own.

Sources: expected against observed events, as an offset (Berry, The analysis of mortality by the
subject-years method, Biometrics 39, 1983); less weight where counts vary more than Poisson
(Wedderburn, Biometrika 61, 1974); gamma-Poisson pooling as in ``pooling``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.risk.arrays import SECONDS_PER_DAY, Floats, Ints
from tsunagu.analytics.risk.periods import BOUNDS, BROKEN_OFF_CLASS, CAUSES
from tsunagu.analytics.risk.weighing import quantiles

WEEK_DAYS = 7.0
WEEK = WEEK_DAYS * SECONDS_PER_DAY
HALF_LIFE_DAYS = 14.0
"""Chosen by forward chaining on training parts alone; see ``docs/reference/foresight-model.md``."""

WEEKS_BACK = 16
"""Older weeks weigh less than one part in 250."""

_MONTH_DAYS = 30.0
_LEVEL_EVENTS = 10.0
_BAND_EVENTS = 5.0
_BANDS = 6
_BROKEN_OFF = BROKEN_OFF_CLASS - 1


@dataclass(frozen=True)
class Weekly:
    """Weekly landmarks with what came of them within their week.

    Attributes:
        at: epoch seconds, shape (n,).
        ended_at: epoch seconds of the deals' ends, NaN while open, shape (n,).
        outcome: class of the end, 0 while open, shape (n,).
        age: days since the deal was created, shape (n,).
        expected: hazards of the next 7 days, shape (n, causes).
        weight: how many landmarks each stands for, shape (n,); None: for itself.
    """

    at: Floats
    ended_at: Floats
    outcome: Ints
    age: Floats
    expected: Floats
    weight: Floats | None = None

    def tally(self, until: float, edges: Floats) -> tuple[Floats, Floats, Floats]:
        """Weeks that were over at ``until``: their starts (k,), and what was seen and expected.

        The counts are by week, band of age (between ``edges``) and cause, shape
        (k, bands, causes).  A week counts only when it is over, so that no end is known before its
        time and none is missed.
        """
        over = self.at + WEEK <= until + 1.0
        starts, week = np.unique(self.at[over], return_inverse=True)
        band = np.searchsorted(edges, self.age[over])
        shape = (len(starts), len(edges) + 1, len(CAUSES))
        observed, expected = np.zeros(shape), np.zeros(shape)
        weight = np.ones(len(week)) if self.weight is None else self.weight[over]
        np.add.at(expected, (week, band), self.expected[over] * weight[:, None])
        ends = np.flatnonzero(self.ended_at[over] - self.at[over] <= WEEK)
        place = (week[ends], band[ends], self.outcome[over][ends] - 1)
        np.add.at(observed, place, weight[ends])
        return starts, observed, expected


@dataclass(frozen=True)
class Calendar:
    """The level of each cause in each week that is over, 1 being as usual.

    Attributes:
        starts: epoch seconds, shape (k,).
        ratios: shape (k, causes).
    """

    starts: Floats
    ratios: Floats

    @classmethod
    def of(cls, weekly: Weekly, until: float) -> Calendar:
        """Observed against expected, week by week."""
        starts, observed, expected = weekly.tally(until, np.zeros(0))
        ratios = (observed[:, 0] + _LEVEL_EVENTS) / (expected[:, 0] + _LEVEL_EVENTS)
        return cls(starts, ratios)

    def over(self, since: Floats, until: Floats) -> Floats:
        """Mean level between the instants (n,), shape (n, causes); the last goes on."""
        if not len(self.starts):
            return np.ones((len(since), len(CAUSES)))
        columns = [self._mean(ratio, since, until) for ratio in self.ratios.T]
        return np.stack(columns, axis=1)

    def _mean(self, ratio: Floats, since: Floats, until: Floats) -> Floats:
        edges = np.append(self.starts, self.starts[-1] + WEEK)
        total = np.concatenate([[0.0], np.cumsum(ratio * np.diff(edges))])

        def reached(moment: Floats) -> Floats:
            inside: Floats = np.interp(moment, edges, total)
            outside: Floats = np.maximum(moment - edges[-1], 0.0) * ratio[-1]
            outside += np.minimum(moment - edges[0], 0.0) * ratio[0]
            return inside + outside

        return (reached(until) - reached(since)) / (until - since)


def calmed(level: Floats) -> Floats:
    """Weights for rows in a wave of break-offs: a week of three times as many counts once."""
    weights: Floats = np.minimum(1.0, 1.0 / level[:, _BROKEN_OFF])
    return weights


@dataclass(frozen=True)
class Recent:
    """How much more often than the model expects each end came lately to deals of an age.

    Beside the level of all ages: that of the last weeks told nothing of the next ones.

    Attributes:
        edges: ages in days between the bands, shape (bands - 1,).
        ratios: shape (bands, causes).
    """

    edges: Floats
    ratios: Floats

    @classmethod
    def of(cls, weekly: Weekly, until: float, edges: Floats) -> Recent:
        """From the ends of the weeks before ``until``, the latest weighing the most.

        Each band of ages around the level of its cause over all ages.
        """
        return cls.of_tally(*weekly.tally(until, edges), until, edges)

    @classmethod
    def of_tally(
        cls, starts: Floats, observed: Floats, expected: Floats, until: float, edges: Floats
    ) -> Recent:
        """From what :meth:`Weekly.tally` gives, perhaps summed over parts of the landmarks."""
        weight = 0.5 ** ((until - starts) / (HALF_LIFE_DAYS * SECONDS_PER_DAY))
        seen, due = (np.tensordot(weight, counts, 1) for counts in (observed, expected))
        overall = (seen.sum(axis=0) + _LEVEL_EVENTS) / (due.sum(axis=0) + _LEVEL_EVENTS)
        bands = (seen + _BAND_EVENTS) / (due * overall + _BAND_EVENTS)
        return cls(edges, bands)

    def log_ratios(self, age: Floats) -> Floats:
        """To add to the log-odds of deals of these ages, shape (n, intervals, causes).

        An interval begins when the deal is older.  What was seen in the last weeks tells less of
        the months to come: it counts half after each.
        """
        ahead = BOUNDS[:-1]
        found: Floats = np.log(self.ratios)[np.searchsorted(self.edges, age[:, None] + ahead)]
        return found * (0.5 ** (ahead // _MONTH_DAYS))[:, None]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"edges": self.edges.tolist(), "ratios": self.ratios.tolist()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recent:
        """Back from JSON."""
        return cls(np.array(data["edges"], dtype=np.float64), np.array(data["ratios"]))


AS_EXPECTED = Recent(np.zeros(0), np.ones((1, len(CAUSES))))
"""Nothing is known of late."""


def bands(age: Floats, weight: Floats | None = None) -> Floats:
    """Edges of bands of age with about equally many landmarks."""
    if not len(age):
        return np.zeros(0)
    weight = np.ones(len(age)) if weight is None else weight
    return np.unique(quantiles(age, np.linspace(0.0, 1.0, _BANDS + 1)[1:-1], weight))
