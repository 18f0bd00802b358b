"""What is usual in each stage: medians of the features, learnt from the training landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.risk.arrays import Floats, Ints, Singles

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


def learn(features: Singles, stages: Ints) -> Usual:
    """Medians of ``features``, shape (n, features), overall and in every stage seen enough."""
    medians = {ANY_STAGE: _medians(features)}
    codes, counts = np.unique(stages[stages >= 0], return_counts=True)
    for code in codes[counts >= _LEAST_LANDMARKS]:
        medians[int(code)] = _medians(features[stages == code])
    return Usual(medians)


def _medians(features: Singles) -> Floats:
    seen = ~np.isnan(features).all(axis=0)
    medians = np.full(features.shape[1], np.nan)
    if seen.any():
        medians[seen] = np.nanmedian(features[:, seen], axis=0)
    return medians


def _json(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
