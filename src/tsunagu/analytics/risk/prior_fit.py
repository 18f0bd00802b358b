"""Fitting the scorecard to a team: how often causes happen, and whether its conditions hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.hazard_model import Landmarks, Prior, of_rows
from tsunagu.analytics.risk.periods import BROKEN_OFF_CLASS, PersonPeriods
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

    A team that marks no break-off at all does not tell them from losses, as most exports do not:
    that says nothing about how often they happen, so the scorecard stays as shipped for them.

    Args:
        prior: with ratios of 1 and strength 1.
        landmarks: that the rows are of.
        rows: person-periods to learn from.
        prior_events: see :func:`pooling.pooled_ratios`.
    """
    from scipy.optimize import minimize_scalar

    if not (rows.label == BROKEN_OFF_CLASS).any():
        return replace(prior, ratios=_without_break_offs(prior, landmarks, rows, prior_events))
    few = rows.where(np.arange(0, len(rows), max(1, len(rows) // _ROWS)))
    base = hz.to_log_odds(prior.scorecard.base)[few.interval]
    shift = hz.to_log_odds(of_rows(prior.hazards, landmarks, few)) - base

    def loss(strength: float) -> float:
        told = base + strength * shift
        ratios = pooled_ratios(few, hz.from_log_odds(told), prior_events)
        fit = _log_likelihood(hz.from_log_odds(told + np.log(ratios[few.interval])), few)
        return 0.5 * ((strength - 1.0) / _SPREAD) ** 2 - fit

    strength = float(minimize_scalar(loss, bounds=(0.0, _STRONGEST), method="bounded").x)
    fitted = replace(prior, strength=strength)
    told = of_rows(fitted.hazards, landmarks, rows)
    return replace(fitted, ratios=pooled_ratios(rows, told, prior_events))


def _without_break_offs(
    prior: Prior, landmarks: Landmarks, rows: PersonPeriods, prior_events: float
) -> Floats:
    ratios = pooled_ratios(rows, of_rows(prior.hazards, landmarks, rows), prior_events)
    ratios[:, BROKEN_OFF_CLASS - 1] = 1.0
    return ratios


def _log_likelihood(hazards: Floats, rows: PersonPeriods) -> float:
    every = np.column_stack([1.0 - hazards.sum(axis=1), hazards])
    told = np.maximum(every[np.arange(len(rows)), rows.label], 1e-12)
    return float((rows.once() * np.log(told)).sum())
