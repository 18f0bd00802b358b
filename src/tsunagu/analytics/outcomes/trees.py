"""Gradient-boosted trees over all features: LightGBM, one softmax over the answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tsunagu.analytics.outcomes.arrays import Floats, Ints, Singles
from tsunagu.analytics.outcomes.lesson import Lesson

if TYPE_CHECKING:
    import lightgbm

_BINS = 63
_LEAST = 1e-6
_GREATEST_SHARE = 0.7


@dataclass(frozen=True)
class Trees:
    """Boosters under several seeds, averaged.

    Attributes:
        texts: LightGBM's own model texts.
    """

    texts: tuple[str, ...]

    @cached_property
    def _boosters(self) -> list[lightgbm.Booster]:
        import lightgbm

        return [lightgbm.Booster(model_str=text) for text in self.texts]

    def log_probabilities(self, matrix: Singles) -> Floats:
        """(n, answers) logarithm of the boosters' mean probabilities."""
        told = [np.asarray(b.predict(matrix, num_threads=1)) for b in self._boosters]
        logs: Floats = np.log(np.maximum(np.mean(told, axis=0), _LEAST))
        return logs


def fit(lesson: Lesson, rows: Ints, seeds: int) -> Trees:
    """Boost on the given moments under ``seeds`` seeds."""
    import lightgbm

    data = lightgbm.Dataset(
        lesson.encoded.matrix[rows],
        label=lesson.answer[rows],
        weight=lesson.weight(rows),
        params={"verbose": -1, "max_bin": _BINS},
        free_raw_data=False,
    )
    chosen, rounds = _parameters(lesson, len(rows)), lesson.settings.rounds
    numbers = range(lesson.seed, lesson.seed + seeds)
    boosters = [lightgbm.train({**chosen, "seed": s}, data, rounds) for s in numbers]
    return Trees(tuple(b.model_to_string() for b in boosters))


def _parameters(lesson: Lesson, rows: int) -> dict[str, Any]:
    s = lesson.settings
    return {
        "objective": "multiclass",
        "num_class": lesson.answers,
        "learning_rate": s.learning_rate,
        "num_leaves": s.leaves,
        "min_data_in_leaf": max(5, min(s.leaf_rows, rows // 20)),
        "feature_fraction": s.column_share,
        "bagging_fraction": min(s.tree_rows / rows, _GREATEST_SHARE),
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "max_bin": _BINS,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,  # a second thread mostly waits at these sizes
        "verbose": -1,
    }
