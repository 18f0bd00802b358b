"""Fitting the scorecard to a team: how often causes happen, and whether its conditions hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.hazard_model import Landmarks, Prior, of_rows
from tsunagu.analytics.risk.periods import PersonPeriods
from tsunagu.analytics.risk.pooling import pooled_ratios

_SPREAD = 0.5
_STRONGEST = 1.0
_ROWS = 100_000


def fit_prior(
    prior: Prior, landmarks: Landmarks, rows: PersonPeriods, prior_events: float
) -> Prior:
    """Fit the scorecard's strength, then its ratios.

    The strength multiplies every weight.  It has a normal prior with mean 1 and deviation 0.5 and
    stays between 0 and 1: where the conditions mean nothing (say, because dead deals are never
    closed) a team soon gets close to its plain base rates.  Its mode is found with the ratios
    pooled anew at each step; each event counts once.

    Args:
        prior: with ratios of 1 and strength 1.
        landmarks: that the rows are of.
        rows: person-periods to learn from.
        prior_events: see :func:`pooling.pooled_ratios`.
    """
    from scipy.optimize import minimize_scalar

    few = rows.where(np.arange(0, len(rows), max(1, len(rows) // _ROWS)))
    base = hz.to_log_odds(prior.scorecard.base)[few.interval]
    shift = hz.to_log_odds(of_rows(prior, landmarks, few)) - base

    def loss(strength: float) -> float:
        told = base + strength * shift
        ratios = pooled_ratios(few, hz.from_log_odds(told), prior_events)
        fit = _log_likelihood(hz.from_log_odds(told + np.log(ratios[few.interval])), few)
        return 0.5 * ((strength - 1.0) / _SPREAD) ** 2 - fit

    strength = float(minimize_scalar(loss, bounds=(0.0, _STRONGEST), method="bounded").x)
    fitted = replace(prior, strength=strength)
    told = of_rows(fitted, landmarks, rows)
    return replace(fitted, ratios=pooled_ratios(rows, told, prior_events))


def _log_likelihood(hazards: Floats, rows: PersonPeriods) -> float:
    every = np.column_stack([1.0 - hazards.sum(axis=1), hazards])
    told = np.maximum(every[np.arange(len(rows)), rows.label], 1e-12)
    return float((rows.once() * np.log(told)).sum())
