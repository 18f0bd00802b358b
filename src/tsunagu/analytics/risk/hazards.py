"""Cause-specific hazards, their log-odds against carrying on, and cumulative incidences.

Source: Tutz and Schmid, Modeling Discrete Time-to-Event Data (2016), section 8.1.
"""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.risk.arrays import Floats

_LEAST_SURVIVAL = 1e-6
_ROUNDING = 1e-12


def from_log_odds(log_odds: Floats) -> Floats:
    """Hazards, shape (..., causes), from log-odds of each cause against carrying on."""
    top = np.maximum(log_odds.max(axis=-1, keepdims=True), 0.0)
    odds = np.exp(log_odds - top)
    hazards: Floats = odds / (odds.sum(axis=-1, keepdims=True) + np.exp(-top))
    return hazards


def to_log_odds(hazards: Floats) -> Floats:
    """Log-odds of each cause against carrying on; the inverse of :func:`from_log_odds`."""
    survival = np.maximum(1.0 - hazards.sum(axis=-1, keepdims=True), _LEAST_SURVIVAL)
    log_odds: Floats = np.log(np.maximum(hazards, 1e-12)) - np.log(survival)
    return log_odds


def bounded(hazards: Floats) -> Floats:
    """Hazards scaled down where the causes together would leave no survivor."""
    total = hazards.sum(axis=-1, keepdims=True)
    scaled: Floats = hazards * np.minimum(1.0, (1.0 - _LEAST_SURVIVAL) / np.maximum(total, 1e-300))
    return scaled


def survival_before(hazards: Floats) -> Floats:
    """Probability to be at risk still when each interval begins, shape (n, intervals).

    Args:
        hazards: shape (n, intervals, causes).
    """
    carries_on = np.maximum(1.0 - hazards.sum(axis=-1), 0.0)
    alive = np.cumprod(carries_on, axis=1)
    survival: Floats = np.concatenate([np.ones((len(alive), 1)), alive[:, :-1]], axis=1)
    return survival


def cumulative_incidence(hazards: Floats) -> Floats:
    """Probability to have ended by each horizon and cause, shape (n, intervals, causes).

    Monotone in the horizon and at most 1 over the causes by construction; scaled by one part in
    10^12 so that rounding cannot carry the sum above 1.
    """
    steps = survival_before(hazards)[:, :, None] * hazards
    incidence: Floats = np.cumsum(steps, axis=1) * (1.0 - _ROUNDING)
    return incidence
