"""The best threshold of a rule, from the training part alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers
from tsunagu.analytics.evaluation.baselines.facts import NO_STAGE

LEAST_BREAKS = 10
"""A stage with fewer break-offs keeps the threshold of all stages together."""
LEAST_DAYS = 1.0


def best_threshold(days: Floats, broke: Flags) -> float:
    """The number of days at or above which to fire, that best tells break-offs from the rest.

    It maximises Youden's J, the share of break-offs at or above it less the share of the others
    (Youden 1950, Cancer 3).  Between equals the longest is taken.  At least :data:`LEAST_DAYS`.

    Args:
        days: (n,) what the rule counts.
        broke: (n,) whether the deal broke off in time; both kinds must occur.
    """
    distinct, place = np.unique(days, return_inverse=True)
    hits = np.bincount(place, broke, len(distinct))
    others = np.bincount(place, ~broke, len(distinct))
    gain = hits / max(hits.sum(), 1) - others / max(others.sum(), 1)
    youden = np.cumsum(gain[::-1])
    # Rounding must not choose between equals.
    best = int(np.argmax(np.round(youden, 12)))
    return max(float(distinct[::-1][best]), LEAST_DAYS)


@dataclass(frozen=True)
class Thresholds:
    """Days after which a deal counts as stuck.

    Attributes:
        single: for every stage without one of its own.
        by_stage: the stages' own, by number of the stage.
    """

    single: float
    by_stage: dict[int, float]

    @classmethod
    def tuned(
        cls, days: Floats, stage: Integers, broke: Flags, known: Flags, *, per_stage: bool
    ) -> Thresholds:
        """The best ones on the landmarks that are ``known``, each (n,)."""
        days, stage, broke = days[known], stage[known], broke[known]
        own: dict[int, float] = {}
        for number in np.unique(stage) if per_stage else ():
            here = stage == number
            if broke[here].sum() >= LEAST_BREAKS:
                own[int(number)] = best_threshold(days[here], broke[here])
        return cls(best_threshold(days, broke), own)

    def of(self, stage: Integers) -> Floats:
        """(n,) the threshold of each stage."""
        size = max([int(stage.max(initial=NO_STAGE)), *self.by_stage]) - NO_STAGE + 1
        lookup = np.full(size, self.single)
        for number, days in self.by_stage.items():
            lookup[number - NO_STAGE] = days
        return np.asarray(lookup[stage - NO_STAGE], dtype=np.float64)
