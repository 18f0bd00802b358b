"""Multinomial logistic regression on counts of steps, transitions and time: the second opinion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.outcomes.arrays import Floats, Ints, Singles
from tsunagu.analytics.outcomes.lesson import Lesson

_FURTHEST = 4.0
"""Standard deviations beyond which a feature says no more."""


@dataclass(frozen=True)
class Linear:
    """Weights over standardised, log-scaled features.

    Attributes:
        columns: positions of the features it uses.
        mean: (f,) of the scaled features.
        spread: (f,) their standard deviation.
        weights: (f + 1, answers); the last row is the intercept.
    """

    columns: tuple[int, ...]
    mean: Floats
    spread: Floats
    weights: Floats

    def log_probabilities(self, matrix: Singles) -> Floats:
        """(n, answers) logarithm of the probabilities."""
        x = _scaled(matrix[:, self.columns], self.mean, self.spread)
        return log_softmax(x @ self.weights[:-1] + self.weights[-1])

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        listed = {n: getattr(self, n).tolist() for n in ("mean", "spread", "weights")}
        return {"columns": list(self.columns), **listed}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Linear:
        """Back from JSON."""
        mean, spread, weights = (np.array(data[n]) for n in ("mean", "spread", "weights"))
        return cls(tuple(data["columns"]), mean, spread, weights)


def fit(lesson: Lesson, rows: Ints, penalty: float) -> Linear:
    """Fit on evenly spaced moments of ``rows``, as many as the settings allow."""
    rows = rows[:: max(1, -(-len(rows) // lesson.settings.linear_rows))]
    names, codes = lesson.encoded.names, set(lesson.encoded.categorical)
    columns = tuple(i for i in range(len(names)) if i not in codes)
    logs = _logs(lesson.encoded.matrix[rows][:, columns])
    mean, spread = logs.mean(axis=0), logs.std(axis=0) + 1e-6
    x = np.clip((logs - mean) / spread, -_FURTHEST, _FURTHEST)
    weights = _minimise(x, lesson.answer[rows], lesson.answers, penalty)
    return Linear(columns, mean, spread, weights)


def _scaled(matrix: Singles, mean: Floats, spread: Floats) -> Floats:
    return np.clip((_logs(matrix) - mean) / spread, -_FURTHEST, _FURTHEST)


def _logs(matrix: Singles) -> Floats:
    known = np.nan_to_num(matrix).astype(np.float64)
    logs: Floats = np.sign(known) * np.log1p(np.abs(known))
    return logs


def log_softmax(margins: Floats) -> Floats:
    """Logarithm of probabilities (n, answers) from margins."""
    from scipy.special import logsumexp

    found: Floats = margins - logsumexp(margins, axis=1, keepdims=True)
    return found


def _minimise(x: Floats, answer: Ints, answers: int, penalty: float) -> Floats:
    """Penalised maximum likelihood by L-BFGS, from weights of zero."""
    from scipy.optimize import minimize

    x = np.column_stack([x, np.ones(len(x))])
    pull = np.full((x.shape[1], 1), penalty)
    pull[-1] = 0.0  # the intercept is free
    loss, start = _loss(x, np.eye(answers)[answer], pull), np.zeros(x.shape[1] * answers)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    weights: Floats = found.reshape(x.shape[1], answers)
    return weights


def _loss(x: Floats, true: Floats, pull: Floats) -> Callable[[Floats], tuple[float, Floats]]:
    """Of flat weights: the mean log-loss with its penalty, and its slope."""

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(x.shape[1], -1)
        logs = log_softmax(x @ weights)
        slope = x.T @ (np.exp(logs) - true) / len(x) + pull * weights
        value = -(true * logs).sum() / len(x) + 0.5 * (pull * weights**2).sum()
        return float(value), slope.ravel()

    return loss
