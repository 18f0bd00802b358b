"""Adjusts what came of plays for how hard their cases were: doubly robust, cross-fitted.

Hard cases get strong plays, so the raw share of resumed cases blames the strong plays for the
cases they were given.  The augmented inverse-propensity estimator (Robins, Rotnitzky and Zhao,
JASA 89, 1994) joins a model of the outcome and a model of the choice, and is right if either is;
each case is judged by models that never saw it (cross-fitting; Chernozhukov et al., Econometrics
Journal 21, 2018).  Weights are normalised within a cell (Hájek), so that a share stays near 0 to 1.
What no column of hardness shows, no weight can adjust.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.plays.cases import Bools, Floats, Ints, Settled

_RIDGE = 1.0


@dataclass(frozen=True)
class Counts:
    """What each play did for each cause, as if tried on all the cause's cases alike.

    Attributes:
        share: share resumed.  Shape (plays, causes); 0 where never tried.
        effective: how many cases tried alike say as much (Kish 1965).  Same shape.
        outside: share of the cause's cases for which the play was hardly ever chosen.  Same shape.
        level: share resumed over all plays alike.  Shape (causes,).
    """

    share: Floats
    effective: Floats
    outside: Floats
    level: Floats


def adjust(cases: Settled, least_propensity: float) -> Counts:
    """Counts that are comparable between plays."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):  # these are small: threads only wait for each other
        propensity, outcome = _cross_fitted(cases)
    shape = (len(cases.plays), len(cases.causes))
    share, effective, outside = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for play, cause in np.ndindex(shape):
        mine = cases.cause == cause
        tried = cases.play[mine] == play
        chosen = propensity[mine, play]
        outside[play, cause] = (chosen < least_propensity).mean()
        weight = tried / np.maximum(chosen, least_propensity)
        if tried.any():
            told = outcome[mine, play]
            share[play, cause] = told.mean() + _residual(weight, cases.resumed[mine] - told)
            effective[play, cause] = weight.sum() ** 2 / (weight**2).sum()
    return Counts(np.clip(share, 0, 1), effective, outside, _level(cases, outcome))


def _residual(weight: Floats, error: Floats) -> float:
    return float((weight * error).sum() / weight.sum())


def _level(cases: Settled, outcome: Floats) -> Floats:
    """Each cause's own, drawn to the mean of all where its cases are few (method of moments)."""
    tried = np.bincount(cases.cause, minlength=len(cases.causes))
    level: Floats = np.bincount(cases.cause, outcome.mean(axis=1), len(cases.causes)) / tried
    mean = np.average(level, weights=tried)
    noise = level * (1 - level) / tried
    real = np.average((level - mean) ** 2 - noise, weights=tried)
    kept: Floats = max(real, 0.0) / (max(real, 0.0) + np.maximum(noise, 1e-9))
    return mean + kept * (level - mean)


def _cross_fitted(cases: Settled) -> tuple[Floats, Floats]:
    """Chance of being given each play, and of resuming under it.  Both of shape (n, plays)."""
    known = np.column_stack([cases.hardness, np.eye(len(cases.causes))[cases.cause]])
    propensity = np.zeros((len(cases), len(cases.plays)))
    outcome = np.zeros_like(propensity)
    for fold in np.unique(cases.fold):
        held = cases.fold == fold
        learn = ~held if (~held).any() else held
        propensity[held] = _propensity(cases, known, learn, held)
        outcome[held] = _outcome(cases, known, learn, held)
    return propensity, outcome


def _propensity(cases: Settled, known: Floats, learn: Bools, held: Bools) -> Floats:
    found = np.zeros((int(held.sum()), len(cases.plays)))
    classes, chances = _logistic(known[learn], cases.play[learn], known[held])
    found[:, classes] = chances
    return found


def _outcome(cases: Settled, known: Floats, learn: Bools, held: Bools) -> Floats:
    """Effects of plays and of hardness add up on the log-odds; cells correct it by their cases."""
    count, plays = int(held.sum()), len(cases.plays)
    dummies = np.eye(plays)
    features = np.column_stack([known, dummies[cases.play]])[learn]
    asked = np.column_stack(
        [np.repeat(known[held], plays, axis=0), np.tile(dummies, (count, 1))],
    )
    classes, chances = _logistic(features, cases.resumed[learn].astype(np.int64), asked)
    resumed: Floats = (chances * classes).sum(axis=1)
    return resumed.reshape(count, plays)


def _logistic(features: Floats, label: Ints, asked: Floats) -> tuple[Ints, Floats]:
    """The labels that occur, and their probabilities for the rows asked about."""
    from sklearn.linear_model import LogisticRegression

    classes = np.unique(label)
    if len(classes) == 1:
        return classes, np.ones((len(asked), 1))
    model: Any = LogisticRegression(C=1 / _RIDGE, max_iter=300, tol=1e-6)
    chances: Floats = model.fit(features, label).predict_proba(asked)
    return classes, chances
