"""Person-periods: a landmark seen once for each interval in which its deal is still at risk.

Source: Tutz and Schmid, Modeling Discrete Time-to-Event Data (2016), sections 3.4 and 8.1, on
landmarks in the sense of van Houwelingen and Putter, Dynamic Prediction in Clinical Survival
Analysis (2011), chapter 7.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from tsunagu.analytics.contracts import HORIZONS_DAYS, Outcome
from tsunagu.analytics.risk.arrays import SECONDS_PER_DAY, Bools, Floats, Ints

BOUNDS = np.array((0, *HORIZONS_DAYS), dtype=np.float64)
WIDTHS = np.diff(BOUNDS)
_LANDMARK_DAYS = 7.0
INTERVALS = len(HORIZONS_DAYS)
CAUSES: tuple[Outcome, ...] = tuple(Outcome)
SURVIVED = 0
CLASS_OF = {cause.value: position for position, cause in enumerate(CAUSES, start=1)}
CLASSES = len(CAUSES) + 1
BROKEN_OFF_CLASS = CLASS_OF[Outcome.BROKEN_OFF.value]


@dataclass(frozen=True)
class PersonPeriods:
    """Rows of the discrete-time model; all arrays have one entry a row.

    Attributes:
        landmark: position of the landmark in the table that was expanded.
        interval: 0 for (0, 7] days, 1 for (7, 14], and so on.
        label: 0 survived the interval, else the class of the outcome in it.
        closes: epoch seconds of the interval's end: when the label was known for certain.
        exposure: days at risk inside the interval.
        weight: how many rows this one stands for (above 1 only after thinning).
    """

    landmark: Ints
    interval: Ints
    label: Ints
    closes: Floats
    exposure: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.landmark)

    def once(self) -> Floats:
        """The rows' weights, shared among the weekly landmarks that see the same days."""
        shared: Floats = self.weight * _LANDMARK_DAYS / WIDTHS[self.interval]
        return shared

    def where(self, keep: Bools | Ints) -> PersonPeriods:
        """The rows that ``keep`` selects."""
        return PersonPeriods(*(getattr(self, field.name)[keep] for field in fields(self)))

    def weighted(self, weight: Floats) -> PersonPeriods:
        """The rows with their weights times ``weight``."""
        return replace(self, weight=self.weight * weight)


def expand(at: Floats, ended_at: Floats, outcome: Ints, observed_until: float) -> PersonPeriods:
    """Expand landmarks to person-periods.

    An interval enters only when the whole of it was observed, whether or not the deal ended in
    it.  Keeping the events of a half-seen interval but not its survivors would make every recent
    hazard look too high.

    Args:
        at: epoch seconds of the landmarks, shape (n,).
        ended_at: epoch seconds of the deals' outcomes, NaN while open, shape (n,).
        outcome: class of the outcome, 0 while open, shape (n,).
        observed_until: epoch seconds up to which outcomes are known.
    """
    known = np.isfinite(ended_at) & (ended_at <= observed_until)
    days = np.where(known, (ended_at - at) / SECONDS_PER_DAY, np.inf)
    closes = at[:, None] + BOUNDS[1:] * SECONDS_PER_DAY
    at_risk = (days[:, None] > BOUNDS[:-1]) & (days[:, None] > 0) & (closes <= observed_until)
    landmark, interval = np.nonzero(at_risk)
    left = days[landmark]
    ends_inside = left <= BOUNDS[interval + 1]
    return PersonPeriods(
        landmark=landmark.astype(np.int64),
        interval=interval.astype(np.int64),
        label=np.where(ends_inside, outcome[landmark], SURVIVED).astype(np.int64),
        closes=closes[landmark, interval],
        exposure=np.minimum(left, BOUNDS[interval + 1]) - BOUNDS[interval],
        weight=np.ones(len(landmark)),
    )


def thin(rows: PersonPeriods, most: int, generator: np.random.Generator) -> PersonPeriods:
    """About ``most`` rows at random that stand for the rest, a quarter more at the utmost.

    Survivors are thinned first; sales won and lost only where ends alone are over half of ``most``;
    break-offs where they alone are.
    """
    if len(rows) <= most:
        return rows
    survived = rows.label == SURVIVED
    wanted = max(most - int((~survived).sum()), most // 2)
    rows = _sampled(rows, survived, wanted, generator)
    broken = rows.label == BROKEN_OFF_CLASS
    wanted = max(most // 2 - int(broken.sum()), most // 4)
    rows = _sampled(rows, (rows.label != SURVIVED) & ~broken, wanted, generator)
    return _sampled(rows, rows.label == BROKEN_OFF_CLASS, most // 2, generator)


def _sampled(
    rows: PersonPeriods, some: Bools, wanted: int, generator: np.random.Generator
) -> PersonPeriods:
    """About ``wanted`` of ``some`` rows, which weigh as much as all of them did."""
    share = wanted / max(int(some.sum()), 1)
    if share >= 1:
        return rows
    chosen = ~some | (generator.random(len(rows)) < share)
    weight = np.where(some, rows.weight / share, rows.weight)
    return replace(rows, weight=weight).where(chosen)
