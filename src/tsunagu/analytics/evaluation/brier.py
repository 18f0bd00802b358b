"""Brier score of break-off probabilities, per horizon and integrated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tsunagu.analytics.evaluation.arrays import Flags, Floats, weighted
from tsunagu.analytics.evaluation.censoring import CensoringWeights
from tsunagu.analytics.evaluation.labels import Labels


def brier(probability: Floats, labels: Labels, horizon_days: int) -> float:
    """Expected squared error of the break-off probability at one horizon.

    Inverse-probability-of-censoring weighted: Graf, Schmoor, Sauerbrei and Schumacher (1999),
    Statistics in Medicine 18; with competing risks, Schoop, Beyersmann, Schumacher and Binder
    (2011), Biometrical Journal 53, section 3.

    Args:
        probability: (n,) of breaking off within the horizon.
        labels: what became of the n landmarks.
        horizon_days: the horizon.

    Returns:
        0 for perfect; ``p (1 - p)`` for a constant equal to the true share ``p``.
    """
    weights = CensoringWeights(labels).at(horizon_days)
    return weighted_brier(probability, labels.cases(horizon_days), weights, float(len(weights)))


def weighted_brier(probability: Floats, cases: Flags, weights: Floats, total: float) -> float:
    """Sum of weighted squared errors over ``total``, the number of landmarks (with repeats)."""
    return weighted(weights, np.square(cases - probability)) / total


def base_rate(cases: Flags, weights: Floats, total: float) -> float:
    """Share that breaks off within the horizon: equal to the Aalen-Johansen estimate."""
    return weighted(weights, cases) / total


def integrated(horizons: Sequence[float], scores: Sequence[float]) -> float:
    """Mean Brier score from day 0, where it is 0, to the last horizon, by the trapezoid rule.

    Raises:
        ValueError: if there is no horizon.
    """
    if not horizons:
        raise ValueError("no horizon to integrate over")
    area = np.trapezoid([0.0, *scores], [0.0, *horizons])
    return float(area / horizons[-1])
