"""What the plots of the model in use draw: numbers and words, no looks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tsunagu.app.scoring import lifecycle
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.presenting import language

LEADS = (7, 14, 30)
GROUPS_SHOWN = 10


def of_model_in_use() -> dict[str, Any]:
    """By plot; a plot that there is nothing for yet is None."""
    version = active_version()
    card, drift = (version.card, version.drift) if version else ({}, {})
    trial = card.get("trial") or {}
    return {
        "calibration": _calibration(trial),
        "warning": _warning(trial),
        "importance": _importance(card.get("importance", {})),
        "features": _features(drift.get("features", {})),
        "outcome": _outcome(drift.get("calibration", {})),
        "volume": _volume(drift.get("volume", {})),
    }


def _calibration(trial: dict[str, Any]) -> dict[str, Any] | None:
    models = trial.get("models", [])
    if not models or not models[0]["curve"]:
        return None
    return {"points": [[_percent(v) for v in p[:4]] + [p[4]] for p in models[0]["curve"]]}


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def _warning(trial: dict[str, Any]) -> dict[str, Any] | None:
    models, names = trial.get("models", []), _names()
    series = [
        {
            "name": names[model["name"]],
            "values": [_percent(model["figures"].get(f"warned_{lead}_at_10")) for lead in LEADS],
        }
        for model in models
    ]
    known = [s for s in series if any(v is not None for v in s["values"])]
    days = [_("%(days)d days before") % {"days": lead} for lead in LEADS]
    return {"days": days, "series": known} if known else None


def _names() -> dict[str, str]:
    return {
        "challenger": _("This model"),
        "champion": _("Model before"),
        "stage_rate": _("Plain rate by stage"),
    }


def _importance(found: dict[str, float]) -> dict[str, Any] | None:
    names, total = list(found)[:GROUPS_SHOWN], sum(found.values())
    if not total:
        return None
    shares = [round(100 * found[name] / total, 1) for name in names]
    return {"names": lifecycle.groups(names, language()), "values": shares}


def _features(found: dict[str, Any]) -> dict[str, Any] | None:
    if not found.get("weeks"):
        return None
    place = 0 if language() == "ja" else 1
    limits = [r["limit"] for r in found["readings"] if r["subject"] in found["series"]]
    series = [
        {"name": found["labels"].get(name, [name, name])[place], "values": values}
        for name, values in found["series"].items()
    ]
    return {"weeks": found["weeks"], "series": series, "limit": max(limits, default=None)}


def _outcome(found: dict[str, Any]) -> dict[str, Any] | None:
    if not found.get("weeks"):
        return None
    lines = (("expected", _("expected")), ("came", _("came")))
    series = [{"name": name, "values": found[key]} for key, name in lines]
    return {"weeks": found["weeks"], "series": series}


def _volume(found: dict[str, Any]) -> dict[str, Any] | None:
    if not found.get("weeks"):
        return None
    return {"weeks": found["weeks"], "values": found["events"]}
