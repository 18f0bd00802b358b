"""Inverse-probability-of-censoring weights: those still followed stand in for those who are not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tsunagu.analytics.evaluation.arrays import Floats, ratio, totals
from tsunagu.analytics.evaluation.labels import CENSORED, Labels

LEAST_FOLLOWED = 0.05
"""A horizon is judged only if at least this share of landmarks is followed that long: below it,
single deals would weigh more than twenty others."""


class CensoringWeights:
    """Kaplan-Meier of the censoring time and the weights that follow from it.

    G(t) is the probability of being followed beyond ``t``: the reverse Kaplan-Meier estimate, in
    which ends come before censorings of the same time.  A landmark whose deal ended by the horizon
    weighs 1/G(T-), one still open at the horizon 1/G(h), one censored before it 0
    (Graf et al. 1999, Statistics in Medicine 18, section 3; Gerds and Schumacher 2006).

    Args:
        labels: times and ends of n landmarks.
    """

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._censored = labels.event == CENSORED
        self._times, self._slot = np.unique(labels.days, return_inverse=True)

    def survival(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """The distinct times (m,) and G just after each of them (m,).

        Args:
            weights: (n,) how often each landmark counts; default once.
        """
        size = len(self._times)
        w = np.ones(len(self._slot)) if weights is None else weights
        everyone = totals(self._slot, w, size)
        lost = totals(self._slot, w * self._censored, size)
        later = np.cumsum(everyone[::-1])[::-1] - everyone
        at_risk = later + lost
        kept = 1.0 - ratio(lost, at_risk, empty=0.0)
        return self._times, np.cumprod(kept, dtype=np.float64)

    def followed(self, horizon_days: float) -> float:
        """G(h): the estimated share of landmarks followed beyond the horizon."""
        return _at(*self.survival(), horizon_days)

    def before(self, weights: Floats | None = None) -> Floats:
        """(n,) G(T-): the share followed until just before each landmark's own end."""
        return self._just_before(self.survival(weights)[1])

    def _just_before(self, survival: Floats) -> Floats:
        before: Floats = np.concatenate([[1.0], survival[:-1]])[self._slot]
        return before

    def at(self, horizon_days: int) -> Floats:
        """(n,) the weights for one horizon."""
        return self.by_horizon([horizon_days])[horizon_days]

    def by_horizon(
        self, horizons: Iterable[int], weights: Floats | None = None
    ) -> dict[int, Floats]:
        """(n,) the weights for each horizon, times ``weights``."""
        times, survival = self.survival(weights)
        before = self._just_before(survival)
        w = np.ones(len(before)) if weights is None else weights
        ended = ratio(w * ~self._censored, before, empty=0.0)
        return {h: self._one(h, w, ended, _at(times, survival, h)) for h in horizons}

    def _one(self, horizon: float, w: Floats, ended: Floats, survival: float) -> Floats:
        running = w / survival if survival > 0 else np.zeros(len(w))
        weights: Floats = np.where(self._labels.days > horizon, running, ended)
        return weights


def _at(times: Floats, survival: Floats, moment: float) -> float:
    place = int(np.searchsorted(times, moment, side="right"))
    return 1.0 if place == 0 else float(survival[place - 1])
