"""Small populations whose truth is known, for the tests of the measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tsunagu.analytics.evaluation.arrays import Floats
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, CENSORED, Labels

WON = 2


@dataclass(frozen=True)
class Population:
    """Deals with a known risk: as they would be seen, and as they really ended."""

    seen: Labels
    truth: Labels
    score: Floats

    def probability(self, horizon: float) -> Floats:
        """True probability of breaking off within the horizon: hazards 0.02 e^score and 0.02."""
        hazard = 0.02 * np.exp(self.score)
        total = hazard + 0.02
        return hazard / total * (1 - np.exp(-total * horizon))


def population(
    n: int, seed: int, *, last_day: float = 60.0, whole_days: bool = False
) -> Population:
    """Deals with two competing constant hazards, followed for uniform times up to ``last_day``."""
    random = np.random.default_rng(seed)
    score = random.normal(size=n)
    hazard = 0.02 * np.exp(score)
    days = random.exponential(1 / (hazard + 0.02))
    event = np.where(random.uniform(size=n) < hazard / (hazard + 0.02), BROKEN_OFF, WON)
    censoring = random.uniform(1, last_day, size=n)
    if whole_days:
        days, censoring = np.ceil(days), np.ceil(censoring)
    ended = days <= censoring
    seen = Labels(np.minimum(days, censoring), np.where(ended, event, CENSORED))
    return Population(seen, Labels(days, event), score)


def ids(count: int) -> pa.Array:
    """Deal ids in ascending order."""
    return pa.array([f"D{number:05d}" for number in range(count)])
