"""A model's card: what it is, learned from, is good at, and must not be used for, as data.

After Mitchell et al. (2019), Model Cards for Model Reporting. :mod:`wording` puts it into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tsunagu.analytics.evaluation import Evaluation, Performance
from tsunagu.analytics.lifecycle.comparing import Trial
from tsunagu.analytics.lifecycle.fingerprint import Fingerprint
from tsunagu.analytics.risk import RiskModel

FORMAT = 1
HORIZON = 30
VOLUME = 10
LEADS = (7, 14, 30)


def card(
    model: RiskModel, data: Fingerprint, trial: Trial | None, importance: Mapping[str, float]
) -> dict[str, Any]:
    """The card as JSON: the same model, data and trial give the same one.

    Args:
        model: the fitted model.
        data: what it was fitted on.
        trial: how models fitted as it was did on the newest slice; None: not tried.
        importance: of its groups of features.
    """
    told = model.summary.to_dict()
    kept = ("outcomes", "landmarks", "break_offs", "trees_weight", "rounds", "calibration")
    return {
        "format": FORMAT,
        "data": data.to_dict() | {"observed_until": told["observed_until"]},
        "learned": {key: told[key] for key in kept},
        "how": {key: told[key] for key in ("seed", "settings", "versions")},
        "features": len(model.recipe.names),
        "importance": dict(importance),
        "trial": _trial(trial),
    }


def _trial(trial: Trial | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    found = trial.evaluation
    return {"verdict": trial.verdict.to_dict()} | ({} if found is None else _measured(found))


def _measured(found: Evaluation) -> dict[str, Any]:
    horizon = max((h for h in found.horizons if h <= HORIZON), default=None)
    test = found.test
    return {
        "since": found.cut.isoformat(),
        "until": test.until.isoformat(),
        "deals": test.deals,
        "landmarks": test.landmarks,
        "break_offs": found.warnable,
        "horizon": horizon,
        "bootstrap": found.bootstrap,
        "models": [_figures(performance, horizon) for performance in found.performances],
    }


def _figures(performance: Performance, horizon: int | None) -> dict[str, Any]:
    keys = ["ibs", *(f"warned_{lead}_at_{VOLUME}" for lead in LEADS), f"precision_at_{VOLUME}"]
    keys += [f"{name}_{horizon}" for name in ("auc", "brier", "ece") if horizon]
    figures = {key.removesuffix(f"_{horizon}"): performance.figures.get(key) for key in keys}
    curve = performance.reliability.get(horizon, ()) if horizon else ()
    return {
        "name": performance.name,
        "figures": {key: _number(figure.value) for key, figure in figures.items() if figure},
        "curve": [
            [point.predicted, *map(_number, vars(point.observed).values()), point.landmarks]
            for point in curve
        ],
    }


def _number(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124 - NaN is no JSON
