"""One label against the rest by the widest margin: to learn from thousands of cases.

Linear support vector machines with squared hinge loss (Fan et al., LIBLINEAR, JMLR 9, 2008) tell
rare labels from many terms better than regression does.  Their margins are no probabilities, so a
third of the cases, which a first set of machines did not see, teach how margins become log-odds: a
scale and a shift for each label (Guo et al., On Calibration of Modern Neural Networks, ICML 2017),
and how much the lexicon counts beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.causes.linear import Floats, Ints, Weights, log_softmax

_RARE = 0.25
"""A rare label's cases cost more by this power of its rarity."""

_KEPT = 1 / 3
"""Share of the cases that teach what a margin is worth."""

_SHIFT_PRECISION = 0.1
_STRENGTH_PRECISION = 4.0  # deviation 0.5 around 1, as in the regression


@dataclass(frozen=True)
class _Machines:
    """Margins = features @ terms + base; shapes (features, labels) and (labels,)."""

    terms: Floats
    base: Floats

    @classmethod
    def fit(cls, features: Any, label: Ints, labels: int, cost: float) -> _Machines:
        found = [_machine(features, label == one, labels, cost) for one in range(labels)]
        return cls(np.column_stack([t for t, _ in found]), np.array([b for _, b in found]))

    def margins(self, features: Any) -> Floats:
        told: Floats = np.asarray(features @ self.terms) + self.base
        return told


def fit(features: Any, label: Ints, before: Floats, lexicon: Floats, cost: float) -> Weights:
    """Weights that give log-odds, as :func:`tsunagu.analytics.causes.linear.fit` does.

    Args:
        features: sparse, shape (n, features), rows of length 1.
        label: 0 to labels - 1, shape (n,).
        before: log-odds before a word is read, shape (labels,).
        lexicon: what the lexicon says, shape (n, labels).
        cost: of a case on the wrong side of the margin; a rare label's cases cost a little more.
    """
    labels = len(before)
    kept = np.random.default_rng(0).random(len(label)) < _KEPT
    first = _Machines.fit(features[~kept], label[~kept], labels, cost)
    scale, shift, strength = _calibrated(
        first.margins(features[kept]), label[kept], before, lexicon[kept]
    )
    machines = _Machines.fit(features, label, labels, cost)
    return Weights(machines.terms * scale, machines.base * scale + shift, strength)


def _machine(features: Any, is_it: Any, labels: int, cost: float) -> tuple[Floats, float]:
    from sklearn.svm import LinearSVC

    count = int(is_it.sum())
    if count in (0, len(is_it)):  # nothing to tell apart
        return np.zeros(features.shape[1]), 1.0 if count else -1.0
    weight = {1: (len(is_it) / (labels * count)) ** _RARE}
    machine = LinearSVC(C=cost, class_weight=weight, random_state=0)
    machine.fit(features, is_it.astype(np.int64))
    return machine.coef_[0], float(machine.intercept_[0])


def _calibrated(
    margins: Floats, label: Ints, before: Floats, lexicon: Floats
) -> tuple[Floats, Floats, float]:
    """Scale and shift of each label's margin, and the lexicon's strength, at their mode."""
    from scipy.optimize import minimize

    labels = len(before)
    target = np.eye(labels)[label]

    def loss(packed: Floats) -> tuple[float, Floats]:
        scale, shift, strength = packed[:labels], packed[labels:-1], packed[-1]
        chance = log_softmax(before + shift + strength * lexicon + scale * margins)
        error = np.exp(chance) - target
        uneven = scale - scale.mean()
        penalty = (uneven**2).sum() + _SHIFT_PRECISION * (shift**2).sum()
        penalty += _STRENGTH_PRECISION * (strength - 1) ** 2
        value = 0.5 * penalty - (target * chance).sum()
        slopes = (
            (error * margins).sum(axis=0) + uneven,
            error.sum(axis=0) + _SHIFT_PRECISION * shift,
            [(error * lexicon).sum() + _STRENGTH_PRECISION * (strength - 1)],
        )
        return float(value), np.concatenate(slopes)

    begin = np.concatenate([np.ones(labels), np.zeros(labels), [1.0]])
    found = minimize(loss, begin, jac=True, method="L-BFGS-B").x
    return found[:labels], found[labels:-1], float(found[-1])
