"""The methods beside ours, each tuned on the training part alone, with a fixed budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from benchmarks.foresight.tasks import Task

from tsunagu.analytics.evaluation.arrays import Flags, Floats
from tsunagu.analytics.evaluation.discrimination import ties, weighted_auc
from tsunagu.analytics.outcomes.arrays import Singles

Learner = Callable[[Singles, Flags, Singles], Floats]
"""Training matrix and labels, and another matrix: probabilities for its rows."""

TRIALS = 6
PENALTIES = (2.0**-12, 2.0**-8, 2.0**-4)
_INNER_SHARE = 0.8


def tuned(learners: Iterator[Learner], matrix: Singles, positive: Flags, task: Task) -> Floats:
    """Test probabilities of the learner that does best on the last fifth of the training deals."""
    train = np.flatnonzero(task.train)
    begun = _begun(task, train)
    cut = np.quantile(np.unique(begun), _INNER_SHARE)
    early = train[(begun < cut) & (task.moments.at[train] < cut)][::2]
    late = train[begun >= cut]

    def quality(learner: Learner) -> float:
        told = learner(matrix[early], positive[early], matrix[late])
        return weighted_auc(ties(told), 1.0 * positive[late], 1.0 * ~positive[late])

    best = max(learners, key=quality)
    return best(matrix[train], positive[train], matrix[task.test])


def _begun(task: Task, rows: np.ndarray) -> Floats:
    """(r,) first moment of each row's deal."""
    deal, at = task.moments.deal, task.moments.at
    first = np.full(int(deal.max()) + 1, np.inf)
    np.minimum.at(first, deal, at)
    return first[deal[rows]]


def xgboosts(seed: int) -> Iterator[Learner]:
    """Random settings of XGBoost from the authors' ranges, without their slowest."""
    random = np.random.default_rng(seed)
    for _ in range(TRIALS):
        yield _xgboost(
            learning_rate=float(np.exp(random.uniform(np.log(0.02), np.log(0.3)))),
            n_estimators=int(random.choice([100, 250, 500])),
            subsample=float(random.uniform(0.5, 1)),
            colsample_bytree=float(random.uniform(0.5, 1)),
            max_depth=int(random.integers(3, 9)),
            min_child_weight=int(random.integers(1, 7)),
            random_state=seed,
        )


def _xgboost(**settings: Any) -> Learner:
    def learn(matrix: Singles, positive: Flags, other: Singles) -> Floats:
        from xgboost import XGBClassifier

        model = XGBClassifier(tree_method="hist", max_bin=64, n_jobs=1, **settings)
        told: Floats = model.fit(matrix, positive).predict_proba(other)[:, 1]
        return told.astype(np.float64)

    return learn


def logistics() -> Iterator[Learner]:
    """Logistic regressions over standardised columns."""
    for penalty in PENALTIES:
        yield _logistic(penalty)


def _logistic(strength: float) -> Learner:
    def learn(matrix: Singles, positive: Flags, other: Singles) -> Floats:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=100))
        told: Floats = model.fit(matrix, positive).predict_proba(other)[:, 1]
        return told

    return learn


def lightgbm(matrix: Singles, positive: Flags, other: Singles) -> Floats:
    """A plain LightGBM."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_estimators=100, learning_rate=0.05, n_jobs=1, verbose=-1)
    told: Floats = model.fit(matrix, positive).predict_proba(other)[:, 1]
    return told
