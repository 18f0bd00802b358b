"""Why: what each feature adds to the log-odds of breaking off against carrying on.

Trees contribute by their own SHAP values (TreeSHAP: Lundberg et al., From local explanations to
global understanding with explainable AI for trees, 2020), the scorecard by its weights, each with
its share of the blend.  Averaged over the intervals up to 30 days, weighted by the probability
that the deal is still open then.  Calibration, which keeps the order, is not part of a reason.
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


def contributions(model: HazardModel, landmarks: Landmarks) -> Contributions:
    """Take the model's log-odds apart."""
    weight = survival_weights(model.blended(landmarks))
    features, base = _of_prior(model, landmarks, weight)
    if model.trees is None:
        return Contributions(features, base)
    share = model.weight
    by_trees, trees_base = _of_trees(model.trees, landmarks, weight)
    return Contributions(
        (1 - share) * features + share * by_trees, (1 - share) * base + share * trees_base
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


def _of_trees(trees: Trees, landmarks: Landmarks, weight: Floats) -> tuple[Floats, Floats]:
    start = hz.to_log_odds(trees.base)[:_INTERVALS, _BROKEN_OFF]
    pages = [trees.contributions(landmarks.features, i) for i in range(_INTERVALS)]
    averaged = np.einsum("ni,inf->nf", weight, np.stack(pages))
    return averaged[:, :-2], averaged[:, -2:].sum(axis=1) + weight @ start


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


def strongest(parts: Floats, specs: tuple[FeatureSpec, ...], top: int) -> list[GroupReason]:
    """The ``top`` groups of one snapshot that move its risk most.

    Args:
        parts: contributions of the features, shape (features,).
        specs: of the features.
        top: how many.
    """
    groups: dict[str, list[int]] = {}
    for position, spec in enumerate(specs):
        groups.setdefault(spec.group, []).append(position)
    found = [_group_reason(name, members, parts) for name, members in groups.items()]
    moving = [reason for reason in found if abs(reason.contribution) > 1e-6]
    return sorted(moving, key=lambda r: (-abs(r.contribution), r.group))[:top]


def _group_reason(name: str, members: list[int], parts: Floats) -> GroupReason:
    total = float(parts[members].sum())
    direction = 1.0 if total >= 0 else -1.0
    return GroupReason(name, total, max(members, key=lambda m: direction * parts[m]))
