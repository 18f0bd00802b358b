"""Multinomial logistic regression around what is believed beforehand.

The log-odds are those of a prior (here: the lexicon) plus a linear part whose weights have a normal
prior around 0.  So a few cases move the prior a little and many move it altogether: partial pooling
(Gelman and Hill, Data Analysis Using Regression and Multilevel/Hierarchical Models, 2007, chapter
12), at its mode.  scikit-learn's regression takes no such offset, hence these few lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BASE_PRECISION = 1.0
_STRENGTH_PRECISION = 4.0  # deviation 0.5 around 1
_STOP = {"maxiter": 150, "ftol": 1e-7}  # a closer look at the mode changes no decision


@dataclass(frozen=True)
class Weights:
    """What was learnt.

    Attributes:
        terms: shape (features, labels).
        base: shape (labels,).
        strength: what the lexicon's scores are multiplied with; 1 before anything is learnt.
    """

    terms: Floats
    base: Floats
    strength: float


def fit(features: Any, label: Ints, before: Floats, lexicon: Floats, ridge: float) -> Weights:
    """Weights at the mode.

    Args:
        features: sparse or dense, shape (n, features).
        label: 0 to labels - 1, shape (n,).
        before: log-odds before a word is read, shape (labels,).
        lexicon: what the lexicon says, shape (n, labels).
        ridge: precision of the normal prior of the weights of the terms.
    """
    from scipy.optimize import minimize

    labels, width = lexicon.shape[1], features.shape[1]
    target = np.eye(labels)[label]
    begin = np.zeros(width * labels + labels + 1)
    begin[-1] = 1.0

    def loss(packed: Floats) -> tuple[float, Floats]:
        weights = _unpacked(packed, width, labels)
        chance = log_softmax(log_odds(features, before, lexicon, weights))
        error = np.exp(chance) - target
        shift = weights.strength - 1.0
        penalty = ridge * (weights.terms**2).sum() + _BASE_PRECISION * (weights.base**2).sum()
        value = 0.5 * (penalty + _STRENGTH_PRECISION * shift**2) - (target * chance).sum()
        slopes = (
            np.asarray(features.T @ error) + ridge * weights.terms,
            error.sum(axis=0) + _BASE_PRECISION * weights.base,
            [(error * lexicon).sum() + _STRENGTH_PRECISION * shift],
        )
        return float(value), np.concatenate([np.ravel(slope) for slope in slopes])

    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options=_STOP)
    return _unpacked(found.x, width, labels)


def log_odds(features: Any, before: Floats, lexicon: Floats, weights: Weights) -> Floats:
    """Up to a constant of each row, shape (n, labels)."""
    learnt = np.asarray(features @ weights.terms)
    total: Floats = before + weights.base + weights.strength * lexicon + learnt
    return total


def log_softmax(log_odds: Floats) -> Floats:
    """Logarithms of the probabilities, rows summing to 1."""
    level = log_odds - log_odds.max(axis=1, keepdims=True)
    logs: Floats = level - np.log(np.exp(level).sum(axis=1, keepdims=True))
    return logs


def _unpacked(packed: Floats, width: int, labels: int) -> Weights:
    terms = packed[: width * labels].reshape(width, labels)
    return Weights(terms, packed[width * labels : -1], float(packed[-1]))
