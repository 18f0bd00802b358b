"""Forward chaining: learners are weighed on deals that began after all they had learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tsunagu.analytics.outcomes import linear, trees
from tsunagu.analytics.outcomes.arrays import Floats, Ints, Singles
from tsunagu.analytics.outcomes.lesson import Lesson
from tsunagu.analytics.outcomes.linear import Linear, log_softmax
from tsunagu.analytics.outcomes.trees import Trees

_PULL = 30.0
"""Deals' worth of pull towards an even blend, so that few deals change it little."""


@dataclass(frozen=True)
class Blend:
    """Probabilities from several learners: ``softmax(sum of weight times log p, plus shift)``.

    Attributes:
        weights: (learners,) not negative.
        shift: (answers,) what sets the answers' overall shares right.
    """

    weights: tuple[float, ...]
    shift: tuple[float, ...]

    def __call__(self, logs: Sequence[Floats]) -> Floats:
        """(n, answers) from each learner's log-probabilities."""
        mixed = sum((w * p for w, p in zip(self.weights, logs, strict=True)), np.array(self.shift))
        probability: Floats = np.exp(log_softmax(np.asarray(mixed)))
        return probability

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Blend:
        """Back from JSON."""
        return cls(tuple(data["weights"]), tuple(data["shift"]))


@dataclass(frozen=True)
class Stack:
    """Fitted learners and how they are blended."""

    trees: Trees
    linear: tuple[Linear, ...]
    blend: Blend

    def probabilities(self, matrix: Singles) -> Floats:
        """(n, answers)."""
        return self.blend(_logs(self.trees, self.linear, matrix))


def fit(lesson: Lesson) -> Stack:
    """Fit on all moments; weigh on those of later deals, in turn."""
    everything = np.arange(len(lesson.answer))
    later = [_told(lesson, before, after) for before, after in chain(lesson)]
    blend = _blend(lesson, later)
    grown = trees.fit(lesson, everything, lesson.settings.seeds)
    return Stack(grown, _linear(lesson, everything), blend)


def _linear(lesson: Lesson, rows: Ints) -> tuple[Linear, ...]:
    return tuple(linear.fit(lesson, rows, penalty) for penalty in lesson.settings.penalties)


def chain(lesson: Lesson) -> Iterator[tuple[Ints, Ints]]:
    """Moments to learn from and later ones to weigh on, for each cut of the settings."""
    deals = int(lesson.deal.max()) + 1
    cuts = [int(share * deals) for share in (*lesson.settings.chain, 1.0)]
    for low, high in pairwise(cuts):
        begun = float(lesson.at[lesson.deal >= low].min())
        before = (lesson.deal < low) & (lesson.at < begun)
        if lesson.settings.known_only:
            before &= lesson.decided_at < begun
        after = np.flatnonzero((lesson.deal >= low) & (lesson.deal < high))
        rows = np.flatnonzero(before)
        if len(np.unique(lesson.answer[rows])) == lesson.answers and len(after):
            yield rows, after


def _told(lesson: Lesson, before: Ints, after: Ints) -> tuple[Ints, tuple[Floats, ...]]:
    """The later moments, and each learner's log-probabilities of them."""
    grown = trees.fit(lesson, before, 1)
    return after, _logs(grown, _linear(lesson, before), lesson.encoded.matrix[after])


def _logs(grown: Trees, lines: tuple[Linear, ...], matrix: Singles) -> tuple[Floats, ...]:
    return (grown.log_probabilities(matrix), *(line.log_probabilities(matrix) for line in lines))


def _blend(lesson: Lesson, later: list[tuple[Ints, tuple[Floats, ...]]]) -> Blend:
    """Weights and shift by log-loss on the later moments, each deal counted once."""
    from scipy.optimize import minimize

    learners = 1 + len(lesson.settings.penalties)
    found = np.concatenate([np.full(learners, 1 / learners), np.zeros(lesson.answers)])
    if later:
        bounds = [(0.0, None)] * learners + [(None, None)] * lesson.answers
        loss = _loss(lesson, later, found)
        found = minimize(loss, found, method="L-BFGS-B", bounds=bounds).x
    return Blend(tuple(map(float, found[:learners])), tuple(map(float, found[learners:])))


def _loss(
    lesson: Lesson, later: list[tuple[Ints, tuple[Floats, ...]]], start: Floats
) -> Callable[[Floats], float]:
    """Of weights and shift in one array: log-loss, and the pull towards ``start``."""
    rows = np.concatenate([after for after, _ in later])
    logs = [np.concatenate(parts) for parts in zip(*(told for _, told in later), strict=True)]
    once = 1.0 / np.bincount(lesson.deal[rows])[lesson.deal[rows]]
    chosen = np.arange(len(rows)), lesson.answer[rows]

    def loss(x: Floats) -> float:
        mixed = sum((w * p for w, p in zip(x, logs, strict=False)), x[len(logs) :])
        told = log_softmax(np.asarray(mixed))[chosen]
        return float(-(once * told).sum() + 0.5 * _PULL * ((x - start) ** 2).sum())

    return loss
