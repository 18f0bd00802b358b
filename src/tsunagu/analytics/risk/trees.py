"""Gradient-boosted trees for the hazards: LightGBM, multiclass, the interval as a feature.

Every margin starts from the log-odds of the pooled hazards of its interval (``init_score``), so
trees learn only how deals differ, and an interval without rows keeps its pooled hazard.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats, Ints, Singles
from tsunagu.analytics.risk.periods import (
    BROKEN_OFF_CLASS,
    CLASSES,
    INTERVALS,
    SURVIVED,
    PersonPeriods,
)
from tsunagu.analytics.risk.settings import Settings

if TYPE_CHECKING:
    import lightgbm

_BINS = 127
_ROWS_FOR_THREADS = 200_000


@dataclass(frozen=True)
class Trees:
    """A fitted booster.

    Attributes:
        text: LightGBM's own model text.
        base: pooled hazards from which every margin starts, shape (intervals, causes).
        threads: threads of LightGBM.
    """

    text: str
    base: Floats
    threads: int

    @cached_property
    def booster(self) -> lightgbm.Booster:
        """The booster itself.

        Raises:
            ValueError: if the text is not a booster's.
        """
        import lightgbm

        try:
            return lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"LightGBM cannot read the trees: {error}") from error

    def hazards(self, features: Singles) -> Floats:
        """Hazards of landmarks in every interval, shape (n, intervals, causes)."""
        booster = self.booster
        pages = [
            self._margins(booster, features, interval) + hz.to_log_odds(self.base)[interval]
            for interval in range(INTERVALS)
        ]
        return hz.from_log_odds(np.stack(pages, axis=1))

    def _margins(self, booster: lightgbm.Booster, features: Singles, interval: int) -> Floats:
        """Log-odds of each cause against carrying on, before the base, shape (n, causes)."""
        rows = with_interval(features, np.full(len(features), interval))
        threads = self.threads if len(rows) > _ROWS_FOR_THREADS // 10 else 1
        raw = np.asarray(booster.predict(rows, raw_score=True, num_threads=threads))
        margins: Floats = raw[:, SURVIVED + 1 :] - raw[:, [SURVIVED]]
        return margins

    def contributions(self, features: Singles, interval: int) -> Floats:
        """SHAP contributions to the log-odds of breaking off against carrying on.

        Shape (n, features + 2): the features, the interval, the average.  TreeSHAP is LightGBM's
        own (Lundberg et al., From local explanations to global understanding, 2020).
        """
        rows = with_interval(features, np.full(len(features), interval))
        raw = np.asarray(
            self.booster.predict(rows, pred_contrib=True, num_threads=self.threads)
        ).reshape(len(rows), CLASSES, -1)
        difference: Floats = raw[:, BROKEN_OFF_CLASS] - raw[:, SURVIVED]
        return difference


def with_interval(features: Singles, interval: Ints) -> Singles:
    """The features with the interval's number as one more column."""
    return np.column_stack([features, interval.astype(np.float32)])


@dataclass(frozen=True)
class Lesson:
    """What the trees learn from, whichever rows of it.

    Attributes:
        features: of the landmarks, shape (landmarks, features).
        categorical: positions of the features that are codes of categories.
        base: pooled hazards from which the margins start, shape (intervals, causes).
        settings: of the model.
        seed: of LightGBM's column sampling.
    """

    features: Singles
    categorical: list[int]
    base: Floats
    settings: Settings
    seed: int


def fit(lesson: Lesson, rows: PersonPeriods, stopping: PersonPeriods) -> tuple[Trees, int]:
    """Boost on ``rows`` until ``stopping`` (later rows) gains no more.

    Returns:
        The trees, and their number of rounds.
    """
    import lightgbm

    train = _dataset(lesson, rows)
    later = _dataset(lesson, stopping, train)
    stop = lightgbm.early_stopping(lesson.settings.patience, verbose=False)
    booster = lightgbm.train(
        _parameters(lesson, len(rows)),
        train,
        num_boost_round=lesson.settings.rounds,
        valid_sets=[later],
        callbacks=[stop],
    )
    rounds = max(booster.best_iteration, 1)
    text = booster.model_to_string(num_iteration=rounds)
    return Trees(text, lesson.base, lesson.settings.threads), rounds


def refit(lesson: Lesson, rows: PersonPeriods, rounds: int) -> Trees:
    """Boost a known number of rounds."""
    import lightgbm

    booster = lightgbm.train(
        _parameters(lesson, len(rows)), _dataset(lesson, rows), num_boost_round=rounds
    )
    return Trees(booster.model_to_string(), lesson.base, lesson.settings.threads)


def _dataset(
    lesson: Lesson, rows: PersonPeriods, reference: lightgbm.Dataset | None = None
) -> lightgbm.Dataset:
    import lightgbm

    margins = np.zeros((len(rows), CLASSES))
    margins[:, SURVIVED + 1 :] = hz.to_log_odds(lesson.base)[rows.interval]
    return lightgbm.Dataset(
        with_interval(lesson.features[rows.landmark], rows.interval),
        label=rows.label,
        weight=rows.weight,
        init_score=margins,
        categorical_feature=lesson.categorical,
        reference=reference,
        params={"verbose": -1, "max_bin": _BINS},
    )


def _parameters(lesson: Lesson, rows: int) -> dict[str, Any]:
    settings = lesson.settings
    return {
        "objective": "multiclass",
        "num_class": CLASSES,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "max_depth": settings.depth,
        "min_data_in_leaf": settings.leaf_rows,
        "min_sum_hessian_in_leaf": 1.0,
        "feature_fraction": 0.7,
        "lambda_l2": 5.0,
        "max_bin": _BINS,
        "seed": lesson.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": settings.threads if rows > _ROWS_FOR_THREADS else 1,
        "verbose": -1,
    }
