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
from tsunagu.analytics.risk.arrays import SECONDS_PER_DAY, Floats, Ints, Singles
from tsunagu.analytics.risk.calendar import Calendar, calmed
from tsunagu.analytics.risk.paths import Paths
from tsunagu.analytics.risk.periods import (
    BOUNDS,
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

    def hazards(self, features: Singles, first: int = INTERVALS) -> Floats:
        """Hazards of landmarks in the ``first`` intervals, shape (n, first, causes)."""
        each = (np.full(len(features), interval) for interval in range(first))
        pages = [self.log_odds_of(features, interval) for interval in each]
        return hz.from_log_odds(np.stack(pages, axis=1))

    def log_odds_of(self, features: Singles, interval: Ints) -> Floats:
        """Log-odds of each cause against carrying on, of one interval a row, shape (n, causes)."""
        rows = with_interval(features, interval)
        threads = self.threads if len(rows) > _ROWS_FOR_THREADS // 10 else 1
        raw = np.asarray(self.booster.predict(rows, raw_score=True, num_threads=threads))
        margins: Floats = raw[:, SURVIVED + 1 :] - raw[:, [SURVIVED]]
        return margins + hz.to_log_odds(self.base)[interval]

    @cached_property
    def _paths(self) -> Paths:
        """Of the margin of breaking off: that class's trees less those of carrying on."""
        signs = {BROKEN_OFF_CLASS: 1.0, SURVIVED: -1.0}
        trees = self.booster.dump_model()["tree_info"]
        chosen = [(signs.get(at % CLASSES), tree) for at, tree in enumerate(trees)]
        margin = [(sign, tree["tree_structure"]) for sign, tree in chosen if sign is not None]
        return Paths(margin, varying=self.booster.num_feature() - 1)

    def contributions(self, features: Singles, weights: Floats) -> tuple[Floats, Floats]:
        """SHAP contributions to the log-odds of breaking off against carrying on.

        Args:
            features: of the landmarks.
            weights: of the first intervals, over which the contributions are averaged, summing to
                1 a landmark, shape (n, intervals).

        Returns:
            Those of the features, shape (n, features), and what the interval and the average of
            all trees add, shape (n,).
        """
        rows = with_interval(features, np.zeros(len(features), dtype=np.int64))
        found = self._paths.contributions(rows, range(weights.shape[1]), weights)
        return found[:, :-1], found[:, -1] + self._paths.average


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
        seed: of LightGBM's sampling of rows and columns.
        at: epoch seconds of the landmarks, shape (landmarks,).
        calendar: the level of each week, from which the trees do not learn.
    """

    features: Singles
    categorical: list[int]
    base: Floats
    settings: Settings
    seed: int
    at: Floats
    calendar: Calendar

    def level(self, rows: PersonPeriods) -> Floats:
        """Of the weeks that each row spans, shape (rows, causes)."""
        begins = self.at[rows.landmark] + BOUNDS[rows.interval] * SECONDS_PER_DAY
        return self.calendar.over(begins, rows.closes)


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

    level = lesson.level(rows)
    margins = np.zeros((len(rows), CLASSES))
    margins[:, SURVIVED + 1 :] = hz.to_log_odds(lesson.base)[rows.interval] + np.log(level)
    return lightgbm.Dataset(
        with_interval(lesson.features[rows.landmark], rows.interval),
        label=rows.label,
        weight=rows.weight * calmed(level),
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
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": _BINS,
        "seed": lesson.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": settings.threads if rows > _ROWS_FOR_THREADS else 1,
        "verbose": -1,
    }
