"""The methods beside ours, each tuned on the training part alone, with a fixed budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from benchmarks.foresight.tasks import Task

from tsunagu.analytics.evaluation.arrays import Flags, Floats
from tsunagu.analytics.evaluation.discrimination import ties, weighted_auc
from tsunagu.analytics.outcomes.arrays import Singles

Learner = Callable[[Singles, Flags, Singles], Floats]
"""Training matrix and labels, and another matrix: probabilities for its rows."""

Family = Callable[[Singles, Flags, Singles], Iterator[tuple[Floats, Learner]]]
"""The same arguments: probabilities by several settings, each with the learner that has them.

Boosters that differ in their number of rounds only are grown once.
"""

DRAWS = 6
ROUNDS = {"xgboost": (100, 250, 500), "lightgbm": (40, 80, 160)}
PENALTIES = (2.0**-16, 2.0**-14, 2.0**-12, 2.0**-10, 2.0**-8, 2.0**-6, 2.0**-4, 2.0**-2)
_INNER_SHARE = 0.8
_AMPLE_ROWS = 25_000


def tuned(families: Iterator[Family], matrix: Singles, positive: Flags, task: Task) -> Floats:
    """Test probabilities of the settings that do best on the last fifth of the training deals."""
    train = np.flatnonzero(task.train)
    begun = _begun(task, train)
    cut = np.quantile(np.unique(begun), _INNER_SHARE)
    early, late = train[(begun < cut) & (task.moments.at[train] < cut)], train[begun >= cut]
    early = early[:: max(1, len(early) // _AMPLE_ROWS)]
    parts = matrix[early], positive[early], matrix[late]
    tried = [found for family in families for found in family(*parts)]
    best = max(tried, key=lambda found: _auc(found[0], positive[late]))[1]
    return best(matrix[train], positive[train], matrix[task.test])


def _auc(told: Floats, positive: Flags) -> float:
    return weighted_auc(ties(told), 1.0 * positive, 1.0 * ~positive)


def _begun(task: Task, rows: np.ndarray) -> Floats:
    """(r,) first moment of each row's deal."""
    deal, at = task.moments.deal, task.moments.at
    first = np.full(int(deal.max()) + 1, np.inf)
    np.minimum.at(first, deal, at)
    return first[deal[rows]]


def xgboosts(seed: int) -> Iterator[Family]:
    """Random settings of XGBoost from the authors' ranges, without their slowest."""
    random = np.random.default_rng(seed)
    for _ in range(DRAWS):
        settings = {
            "learning_rate": float(np.exp(random.uniform(np.log(0.02), np.log(0.3)))),
            "subsample": float(random.uniform(0.5, 1)),
            "colsample_bytree": float(random.uniform(0.5, 1)),
            "max_depth": int(random.integers(3, 9)),
            "min_child_weight": int(random.integers(1, 7)),
        }
        yield partial(_by_rounds, partial(_xgboost, settings | {"random_state": seed}), "xgboost")


def lightgbms(seed: int) -> Iterator[Family]:
    """Random settings of LightGBM, from as free as its defaults to very shy."""
    random = np.random.default_rng(seed)
    for _ in range(DRAWS):
        settings = {
            "learning_rate": float(np.exp(random.uniform(np.log(0.02), np.log(0.1)))),
            "num_leaves": int(random.integers(4, 32)),
            "min_child_samples": int(random.integers(20, 201)),
            "subsample": float(random.uniform(0.5, 1)),
            "colsample_bytree": float(random.uniform(0.4, 1)),
            "reg_lambda": float(np.exp(random.uniform(0, np.log(30)))),
        }
        yield partial(_by_rounds, partial(_lightgbm, settings | {"random_state": seed}), "lightgbm")


Grow = Callable[[int, Singles, Flags], Callable[[Singles, int], Floats]]
"""Rounds, matrix and labels: what tells probabilities after as many rounds or fewer."""


def _by_rounds(
    grow: Grow, name: str, matrix: Singles, positive: Flags, other: Singles
) -> Iterator[tuple[Floats, Learner]]:
    tell = grow(max(ROUNDS[name]), matrix, positive)
    for rounds in ROUNDS[name]:
        yield tell(other, rounds), partial(_stopped, grow, rounds)


def _stopped(grow: Grow, rounds: int, matrix: Singles, positive: Flags, other: Singles) -> Floats:
    return grow(rounds, matrix, positive)(other, rounds)


def _xgboost(
    settings: dict[str, Any], rounds: int, matrix: Singles, positive: Flags
) -> Callable[[Singles, int], Floats]:
    from xgboost import XGBClassifier

    model = XGBClassifier(
        tree_method="hist", max_bin=64, n_jobs=1, n_estimators=rounds, **settings
    ).fit(matrix, positive)

    def tell(other: Singles, first: int) -> Floats:
        told: Floats = model.predict_proba(other, iteration_range=(0, first))[:, 1]
        return told.astype(np.float64)

    return tell


def _lightgbm(
    settings: dict[str, Any], rounds: int, matrix: Singles, positive: Flags
) -> Callable[[Singles, int], Floats]:
    from lightgbm import LGBMClassifier

    fixed = {"n_jobs": 1, "verbose": -1, "subsample_freq": 1}
    model = LGBMClassifier(n_estimators=rounds, **fixed, **settings).fit(matrix, positive)

    def tell(other: Singles, first: int) -> Floats:
        told: Floats = model.predict_proba(other, num_iteration=first)[:, 1]
        return told

    return tell


def logistics() -> Iterator[Family]:
    """Logistic regressions over standardised columns."""
    for strength in PENALTIES:
        yield partial(_alone, partial(_logistic, strength))


def _alone(
    learner: Learner, matrix: Singles, positive: Flags, other: Singles
) -> Iterator[tuple[Floats, Learner]]:
    yield learner(matrix, positive, other), learner


def _logistic(strength: float, matrix: Singles, positive: Flags, other: Singles) -> Floats:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=100))
    told: Floats = model.fit(matrix, positive).predict_proba(other)[:, 1]
    return told


def lightgbm(matrix: Singles, positive: Flags, other: Singles) -> Floats:
    """A plain LightGBM."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_estimators=100, learning_rate=0.05, n_jobs=1, verbose=-1)
    told: Floats = model.fit(matrix, positive).predict_proba(other)[:, 1]
    return told
