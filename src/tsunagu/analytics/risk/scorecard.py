"""The shipped prior scorecard: base hazards and log-odds weights on conditions people understand.

Its numbers stand in ``scorecard.toml``; ``docs/reference/scorecard.md`` tells where each comes
from.  It speaks alone while a team has little history, and fades as outcomes come in.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Bools, Floats, Singles
from tsunagu.analytics.risk.periods import CAUSES, WIDTHS

Columns = dict[str, int]


@dataclass(frozen=True)
class Condition:
    """Something that is true of a deal or not.

    Attributes:
        name: stable name.
        feature: name of the feature it looks at; where a log lacks it, never true.
        above: true for values above this.
        below: true for values below this.
        times_usual: where the stage's median is known, ``above`` is this many times the median
            if that is more.
        weights: change of each cause's log-odds against carrying on, shape (causes,).
        source: where the condition and its weight come from.
    """

    name: str
    feature: str
    above: float | None
    below: float | None
    times_usual: float | None
    weights: Floats
    source: str

    def holds(self, value: Floats, usual: Floats) -> Bools:
        """For which values the condition holds; never for a null."""
        if self.below is not None:
            below: Bools = value < self.below
            return below
        limit = np.full(len(value), self.above)
        if self.times_usual is not None:
            limit = np.fmax(limit, usual * self.times_usual)
        above: Bools = value > limit
        return above


@dataclass(frozen=True)
class Scorecard:
    """Base hazards and conditions.

    Attributes:
        base: hazards of a deal for which no condition holds, shape (intervals, causes).
        conditions: in the order of the file.
    """

    base: Floats
    conditions: tuple[Condition, ...]

    def held(self, features: Singles, usual: Floats, columns: Columns) -> Floats:
        """1 where a condition holds, shape (n, conditions)."""
        held = np.zeros((len(features), len(self.conditions)))
        for position, condition in enumerate(self.conditions):
            column = columns.get(condition.feature)
            if column is not None:
                value = features[:, column].astype(np.float64)
                held[:, position] = condition.holds(value, usual[:, column])
        return held

    @property
    def weights(self) -> Floats:
        """Shape (conditions, causes)."""
        return np.stack([condition.weights for condition in self.conditions])

    def log_odds(self, held: Floats) -> Floats:
        """Log-odds of each cause against carrying on, shape (n, intervals, causes)."""
        shift = held @ self.weights
        log_odds: Floats = hz.to_log_odds(self.base)[None] + shift[:, None, :]
        return log_odds

    def to_dict(self) -> dict[str, Any]:
        """As JSON: a saved model keeps the scorecard it was fitted with."""
        conditions = [vars(c) | {"weights": c.weights.tolist()} for c in self.conditions]
        return {"base": self.base.tolist(), "conditions": conditions}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Scorecard:
        """Back from JSON."""
        conditions = [
            Condition(**(entry | {"weights": np.array(entry["weights"])}))
            for entry in data["conditions"]
        ]
        return cls(np.array(data["base"]), tuple(conditions))


def shipped() -> Scorecard:
    """The scorecard that comes with Tsunagu."""
    text = files("tsunagu.analytics.risk").joinpath("scorecard.toml").read_text("utf-8")
    data = tomllib.loads(text)
    rates = np.stack([np.array(data["base_per_day"][c.value]) for c in CAUSES], axis=1)
    return Scorecard(_hazards(rates), tuple(map(_condition, data["condition"])))


def _hazards(rates: Floats) -> Floats:
    """Hazards of whole intervals from rates a day, shape (intervals, causes)."""
    total = rates.sum(axis=1, keepdims=True)
    ended = -np.expm1(-total * WIDTHS[:, None])
    hazards: Floats = rates / total * ended
    return hazards


def _condition(entry: dict[str, Any]) -> Condition:
    return Condition(
        name=entry["name"],
        feature=entry["feature"],
        above=entry.get("above"),
        below=entry.get("below"),
        times_usual=entry.get("times_usual"),
        weights=np.array([float(entry["weights"].get(c.value, 0.0)) for c in CAUSES]),
        source=entry["source"],
    )
