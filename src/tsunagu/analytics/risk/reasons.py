"""Why: what each feature adds to the log-odds of breaking off against carrying on.

Trees contribute by their own SHAP values (TreeSHAP: Lundberg et al., From local explanations to
global understanding with explainable AI for trees, 2020), the plain part and the scorecard by their
weights, each with its share of the blend.  Averaged over the intervals up to 30 days, weighted by
the probability that the deal is still open then.  Calibration, which models of versions 1 and 2
have and which keeps the order, is not part of a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.contracts import HORIZONS_DAYS, Outcome
from tsunagu.analytics.features import FeatureSpec
from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.hazard_model import HazardModel, Landmarks
from tsunagu.analytics.risk.periods import CAUSES
from tsunagu.analytics.risk.trees import Trees

REASON_DAYS = 30
_INTERVALS = sum(horizon <= REASON_DAYS for horizon in HORIZONS_DAYS)
_BROKEN_OFF = CAUSES.index(Outcome.BROKEN_OFF)
LEAST = 1e-6
"""Less than this moves nothing."""


@dataclass(frozen=True)
class Contributions:
    """Parts of the log-odds of breaking off against carrying on, before calibration.

    Attributes:
        features: of each feature, shape (n, features).
        base: what remains when no feature speaks, shape (n,).  Base and features sum to the
            log-odds, averaged over the intervals up to 30 days.
    """

    features: Floats
    base: Floats


def contributions(model: HazardModel, landmarks: Landmarks, blended: Floats) -> Contributions:
    """Take the model's log-odds apart.

    Args:
        model: any.
        landmarks: of the snapshots.
        blended: what :meth:`HazardModel.blended` gives for them.
    """
    weight = survival_weights(blended)
    features, base = _of_prior(model, landmarks, weight)
    if model.trees is None:
        return Contributions(features, base)
    own, own_base = _of_own(model, model.trees, landmarks, weight)
    lately, share = _of_late(model, landmarks, weight), model.weight
    return Contributions(
        (1 - share) * features + share * own, (1 - share) * base + share * own_base + lately
    )


def survival_weights(hazards: Floats) -> Floats:
    """How much each interval up to 30 days counts, summing to 1, shape (n, intervals)."""
    alive = hz.survival_before(hazards)[:, :_INTERVALS]
    weights: Floats = alive / alive.sum(axis=1, keepdims=True)
    return weights


def log_odds(model: HazardModel, landmarks: Landmarks) -> Floats:
    """What the contributions sum to, shape (n,)."""
    hazards = model.blended(landmarks)
    odds = hz.to_log_odds(hazards)[:, :_INTERVALS, _BROKEN_OFF]
    averaged: Floats = (odds * survival_weights(hazards)).sum(axis=1)
    return averaged


def _of_prior(model: HazardModel, landmarks: Landmarks, weight: Floats) -> tuple[Floats, Floats]:
    prior = model.prior
    held = prior.strength * prior.held(landmarks)
    features = np.zeros((len(landmarks), landmarks.features.shape[1]))
    for position, condition in enumerate(prior.scorecard.conditions):
        column = prior.columns.get(condition.feature)
        if column is not None:
            features[:, column] += held[:, position] * condition.weights[_BROKEN_OFF]
    base = hz.to_log_odds(prior.scorecard.base) + np.log(prior.ratios)
    averaged: Floats = weight @ base[:_INTERVALS, _BROKEN_OFF]
    return features, averaged


def _of_own(
    model: HazardModel, trees: Trees, landmarks: Landmarks, weight: Floats
) -> tuple[Floats, Floats]:
    """Of the plain part and the trees, each with its share."""
    features, base = _of_trees(trees, landmarks, weight)
    if model.plain is None:
        return features, base
    by_line = model.plain.contributions(landmarks.features)
    start = weight @ model.plain.base[:_INTERVALS, _BROKEN_OFF]
    share = model.share
    return (1 - share) * by_line + share * features, (1 - share) * start + share * base


def _of_trees(trees: Trees, landmarks: Landmarks, weight: Floats) -> tuple[Floats, Floats]:
    start = hz.to_log_odds(trees.base)[:_INTERVALS, _BROKEN_OFF]
    features, rest = trees.contributions(landmarks.features, weight)
    return features, rest + weight @ start


def _of_late(model: HazardModel, landmarks: Landmarks, weight: Floats) -> Floats:
    """How often deals of this age broke off lately: no reason of the deal's own, so it is base."""
    ratios = model.recent.log_ratios(model.age(landmarks))[:, :_INTERVALS, _BROKEN_OFF]
    averaged: Floats = (weight * ratios).sum(axis=1)
    return averaged


@dataclass(frozen=True)
class GroupReason:
    """A group's part, and the feature that speaks for it.

    Attributes:
        group: name of the group.
        contribution: sum over the group's features.
        feature: position of the feature with the largest part in the group's direction.
    """

    group: str
    contribution: float
    feature: int


def strongest(parts: Floats, specs: tuple[FeatureSpec, ...], top: int) -> list[list[GroupReason]]:
    """The ``top`` groups that move each snapshot's risk most, the strongest first.

    Args:
        parts: contributions of the features, shape (n, features).
        specs: of the features.
        top: how many.
    """
    groups = np.array([spec.group for spec in specs])
    names, members = np.unique(groups), np.argsort(groups, kind="stable")
    # Not a product of matrices: that sums in another order for one snapshot than for many.
    totals = np.add.reduceat(parts[:, members], np.searchsorted(groups[members], names), axis=1)
    order = np.argsort(-np.abs(totals), axis=1, kind="stable")[:, :top]
    rows = np.arange(len(parts))[:, None]
    moved = totals[rows, order]
    toward = np.where(moved >= 0, 1.0, -1.0)[:, :, None] * parts[:, None, :]
    own = groups == names[order][:, :, None]
    loudest = np.where(own, toward, -np.inf).argmax(axis=2)
    found = zip(names[order].tolist(), moved.tolist(), loudest.tolist(), strict=True)
    return [_moving(*row) for row in found]


def _moving(names: list[str], moved: list[float], loudest: list[int]) -> list[GroupReason]:
    ranked = map(GroupReason, names, moved, loudest)
    return [reason for reason in ranked if abs(reason.contribution) > LEAST]
