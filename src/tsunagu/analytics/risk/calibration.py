"""Beta calibration of hazards on a later time slice.

Source: Kull, Silva Filho and Flach, Beta calibration: a well-founded and easily implemented
improvement on logistic calibration for binary classifiers (AISTATS 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.periods import CAUSES, INTERVALS, PersonPeriods

_LEAST = 1e-9
_STRETCHES = 4
_PULL = 1.0  # a weak pull towards the identity, in units of log-likelihood: few events, small steps


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


def fit_beta(p: Floats, happened: Floats, weight: Floats) -> BetaMap:
    """The beta map that makes ``p`` fit what ``happened`` (0 or 1) best, by log-loss."""
    from scipy.optimize import minimize

    left, right = _sides(p)
    start = np.array([1.0, 1.0, 0.0])

    def loss(x: Floats) -> tuple[float, Floats]:
        margin = x[0] * left + x[1] * right + x[2]
        pull = 0.5 * _PULL * ((x - start) ** 2).sum()
        value = (weight * (np.logaddexp(0.0, margin) - happened * margin)).sum() + pull
        error = weight * (1.0 / (1.0 + np.exp(-margin)) - happened)
        slope = np.array([error @ left, error @ right, error.sum()]) + _PULL * (x - start)
        return float(value), slope

    bounds = [(0.0, None), (0.0, None), (None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return BetaMap(float(found[0]), float(found[1]), float(found[2]))


@dataclass(frozen=True)
class Calibration:
    """One beta map for each interval and cause, identity where events were too few.

    Attributes:
        maps: ``maps[interval][cause]``.
        method: what was done, in words, for the summary.
    """

    maps: tuple[tuple[BetaMap, ...], ...]
    method: str

    def __call__(self, hazards: Floats) -> Floats:
        """Calibrated hazards, shape (n, intervals, causes), leaving survivors."""
        calibrated = np.empty_like(hazards)
        for interval, row in enumerate(self.maps):
            for cause, beta in enumerate(row):
                calibrated[:, interval, cause] = beta(hazards[:, interval, cause])
        return hz.bounded(calibrated)

    def of_rows(self, hazards: Floats, rows: PersonPeriods) -> Floats:
        """Calibrated hazards of person-periods, shape (len(rows), causes)."""
        page = np.broadcast_to(hazards[:, None, :], (len(rows), INTERVALS, len(CAUSES)))
        found: Floats = self(page)[np.arange(len(rows)), rows.interval]
        return found

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


def fit(hazards: Floats, rows: PersonPeriods, *, pooled: int, alone: int) -> Calibration:
    """Calibrate each cause: an interval on its own from ``alone`` events, else pooled.

    Args:
        hazards: of the rows, shape (len(rows), causes).
        rows: person-periods later than any the model learned from.
        pooled: fewest events of a cause over all intervals; below, it stays as it is.  Each event
            counts once, however many weekly landmarks see it.
        alone: fewest events of a cause in one interval for a map of its own.
    """
    maps: list[list[BetaMap]] = []
    done = []
    for position, cause in enumerate(CAUSES):
        own, words = _calibrate_cause(hazards[:, position], rows, position + 1, pooled, alone)
        maps.append(own)
        done.append(f"{cause.value} {words}")
    return Calibration(tuple(zip(*maps, strict=True)), "beta calibration: " + ", ".join(done))


def fit_if_it_lasts(
    hazards: Floats, rows: PersonPeriods, *, pooled: int, alone: int
) -> Calibration:
    """:func:`fit`, if what each stretch of ``rows`` teaches still holds in the next one.

    Where deals end in another way every month, a correction of last month's errors adds one of its
    own; then the hazards stay as they are.
    """
    ends = np.quantile(rows.closes, np.arange(1, _STRETCHES + 1) / _STRETCHES)
    for known, until in pairwise(ends):
        past = rows.closes <= known
        following = ~past & (rows.closes <= until)
        tried = fit(hazards[past], rows.where(past), pooled=pooled, alone=alone)
        later, before = rows.where(following), hazards[following]
        if len(later) and log_loss(tried.of_rows(before, later), later) >= log_loss(before, later):
            return identity("none: beta calibration did not hold in later weeks")
    return fit(hazards, rows, pooled=pooled, alone=alone)


def log_loss(hazards: Floats, rows: PersonPeriods) -> float:
    """Mean over the rows, by weight; 0 without rows."""
    if not len(rows):
        return 0.0
    every = np.column_stack([1.0 - hazards.sum(axis=1), hazards])
    told = np.maximum(every[np.arange(len(rows)), rows.label], _LEAST)
    return float(np.average(-np.log(told), weights=rows.weight))


def _calibrate_cause(
    p: Floats, rows: PersonPeriods, label: int, pooled: int, alone: int
) -> tuple[list[BetaMap], str]:
    happened = (rows.label == label).astype(np.float64)
    events = happened * rows.once()
    if events.sum() < pooled:
        return [BetaMap()] * INTERVALS, f"as is (fewer than {pooled} events)"
    maps = [fit_beta(p, happened, rows.weight)] * INTERVALS
    intervals = [i for i in range(INTERVALS) if events[rows.interval == i].sum() >= alone]
    for interval in intervals:
        here = rows.interval == interval
        maps[interval] = fit_beta(p[here], happened[here], rows.weight[here])
    return maps, f"{len(intervals)} of {INTERVALS} intervals on their own, the others pooled"
