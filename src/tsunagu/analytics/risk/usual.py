"""What is usual in each stage: medians of the features, learnt from the training landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.risk.arrays import Floats, Ints, Singles
from tsunagu.analytics.risk.weighing import medians as weighted_medians

ANY_STAGE = -1
_LEAST_LANDMARKS = 20


@dataclass(frozen=True)
class Usual:
    """Medians of each feature by stage.

    Attributes:
        medians: by the stage's code; ``ANY_STAGE`` where a stage is unknown or rare.  NaN where
            nothing was seen.  Each of shape (features,).
    """

    medians: dict[int, Floats]

    def of(self, stages: Ints) -> Floats:
        """Medians that apply to snapshots in ``stages``, shape (n, features)."""
        order = sorted(self.medians)
        table = np.stack([self.medians[stage] for stage in order])
        place = np.searchsorted(order, stages)
        found = np.take(order, np.minimum(place, len(order) - 1)) == stages
        chosen: Floats = table[np.where(found, place, order.index(ANY_STAGE))]
        return chosen

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {str(stage): [_json(v) for v in row] for stage, row in self.medians.items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Usual:
        """Back from JSON."""
        return cls({int(stage): np.array(row, dtype=np.float64) for stage, row in data.items()})


def learn(features: Singles, stages: Ints, weight: Floats | None = None) -> Usual:
    """Medians of ``features``, shape (n, features), overall and in every stage seen enough."""
    weight = np.ones(len(features)) if weight is None else weight
    medians = {ANY_STAGE: weighted_medians(features, weight)}
    codes, counts = np.unique(stages[stages >= 0], return_counts=True)
    for code in codes[counts >= _LEAST_LANDMARKS]:
        here = stages == code
        medians[int(code)] = weighted_medians(features[here], weight[here])
    return Usual(medians)


def _json(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
