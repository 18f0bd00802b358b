"""Macro-F1 and its like, with intervals over resampled cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers
from tsunagu.analytics.evaluation.results import Figure
from tsunagu.analytics.evaluation.texts.results import TextRow

TOP = 3
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Resampling:
    """How often cases are drawn anew for the intervals, and from which seed."""

    seed: int
    bootstrap: int

    def weights(self, size: int) -> Floats:
        """(1 + resamples, size): once each, then how often each was drawn."""
        draws = np.random.default_rng(self.seed).multinomial(
            size, np.full(size, 1 / size), self.bootstrap
        )
        return np.vstack([np.ones((1, size)), draws]).astype(np.float64)


class Judge:
    """Compares what was told with the truth (n,), the same resamples for every way."""

    def __init__(self, truth: Integers, resampling: Resampling) -> None:
        self._truth = truth
        self._weights = resampling.weights(len(truth))

    def row(
        self, name: str, learnt: int, told: Integers, more: dict[str, Floats] | None = None
    ) -> TextRow:
        """The figures of one way.

        Args:
            name: of the way.
            learnt: from how many cases.
            told: (n,) a label a case.
            more: further figures, each the mean of (n,) values.
        """
        means = {"accuracy": (told == self._truth).astype(np.float64), **(more or {})}
        figures = {"macro_f1": figure(macro_f1(self._truth, told, self._weights))}
        total = self._weights.sum(axis=1)
        figures |= {key: figure(self._weights @ v / total) for key, v in means.items()}
        return TextRow(name, learnt, len(told), figures)

    def among_first(self, order: Integers) -> Floats:
        """(n,) 1 where the truth is among the first three of ``order`` (n, labels), else 0."""
        hits: Flags = (order[:, :TOP] == self._truth[:, None]).any(axis=1)
        return hits.astype(np.float64)

    def losses(self, probability: Floats) -> Floats:
        """(n,) minus the logarithm of what (n, labels) gave to the truth."""
        losses: Floats = -np.log(probability[np.arange(len(self._truth)), self._truth])
        return losses


def macro_f1(truth: Integers, told: Integers, weights: Floats) -> Floats:
    """(replicates,) mean F1 of the labels that occur in ``truth``, each case weighted.

    A label that a replicate neither drew nor told has no F1 there and is left out of its mean.
    """
    labels = np.unique(truth)
    is_truth, is_told = truth[:, None] == labels, told[:, None] == labels
    hit = weights @ (is_truth & is_told).astype(np.float64)
    size = weights @ is_truth.astype(np.float64) + weights @ is_told.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = np.nanmean(2 * hit / size, axis=1)
    return mean


def figure(replicates: Floats) -> Figure:
    """The first replicate, within the interval of the others."""
    if len(replicates) == 1:
        return Figure(float(replicates[0]), float("nan"), float("nan"))
    low, high = np.percentile(replicates[1:], _INTERVAL)
    return Figure(float(replicates[0]), float(low), float(high))
