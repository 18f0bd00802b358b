"""Beta calibration of hazards, as models of versions 1 and 2 have it; newer ones change nothing.

What mended the hazards of one slice of time did harm in the next (decision 25).

Source: Kull, Silva Filho and Flach, Beta calibration: a well-founded and easily implemented
improvement on logistic calibration for binary classifiers (AISTATS 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.periods import CAUSES, INTERVALS

_LEAST = 1e-9


@dataclass(frozen=True)
class BetaMap:
    """``logit(q) = a log(p) - b log(1 - p) + c`` with a, b >= 0, so that order is kept."""

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    def __call__(self, p: Floats) -> Floats:
        """Calibrated probabilities, same shape."""
        left, right = _sides(p)
        calibrated: Floats = 1.0 / (1.0 + np.exp(-(self.a * left + self.b * right + self.c)))
        return calibrated


def _sides(p: Floats) -> tuple[Floats, Floats]:
    inside = np.clip(p, _LEAST, 1.0 - _LEAST)
    return np.log(inside), -np.log1p(-inside)


@dataclass(frozen=True)
class Calibration:
    """One beta map for each interval and cause.

    Attributes:
        maps: ``maps[interval][cause]``.
        method: what was done, in words, for the summary.
    """

    maps: tuple[tuple[BetaMap, ...], ...]
    method: str

    def __call__(self, hazards: Floats) -> Floats:
        """Calibrated hazards of all intervals or the first, same shape, leaving survivors."""
        calibrated = np.empty_like(hazards)
        for interval, row in enumerate(self.maps[: hazards.shape[1]]):
            for cause, beta in enumerate(row):
                calibrated[:, interval, cause] = beta(hazards[:, interval, cause])
        return hz.bounded(calibrated)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        maps = [[[m.a, m.b, m.c] for m in row] for row in self.maps]
        return {"method": self.method, "maps": maps}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Calibration:
        """Back from JSON."""
        maps = tuple(tuple(BetaMap(*map(float, m)) for m in row) for row in data["maps"])
        return cls(maps, str(data["method"]))


def identity(method: str) -> Calibration:
    """A calibration that changes nothing, and says why."""
    return Calibration(((BetaMap(),) * len(CAUSES),) * INTERVALS, method)
