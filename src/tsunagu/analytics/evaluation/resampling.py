"""Bootstrap by deal: a deal's landmarks come and go together, as they are not independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tsunagu.analytics.evaluation.arrays import Floats
from tsunagu.analytics.evaluation.results import Figure

Values = Mapping[str, float]

_INTERVAL = (2.5, 97.5)


def deal_weights(deals: int, replicates: int, seed: int) -> Iterator[Floats]:
    """How often each of ``deals`` is drawn, for each replicate (deals,), with replacement.

    Efron (1979); of clusters, Field and Welsh (2007), JRSS B 69.
    """
    random = np.random.default_rng(seed)
    for _ in range(replicates):
        drawn = random.integers(0, deals, deals)
        yield np.bincount(drawn, minlength=deals).astype(np.float64)


class Sample:
    """Figures by key: of all deals once, and of each replicate.

    Args:
        point: the figures of all deals, each counted once.
        replicates: the same keys for each replicate.
    """

    def __init__(self, point: Values, replicates: list[Values]) -> None:
        self.point = point
        self._draws = {key: np.array([r[key] for r in replicates]) for key in point}

    def figure(self, key: str) -> Figure:
        """The figure of all deals with its 95% percentile interval."""
        return _figure(self.point[key], self._draws[key])

    def minus(self, other: Sample, key: str) -> Figure:
        """The difference of two predictors on the same replicates."""
        draws = self._draws[key] - other._draws[key]
        return _figure(self.point[key] - other.point[key], draws)


def resample(
    measure: Callable[[Floats], dict[str, Values]],
    draws: Iterator[Floats],
    deals: int,
    on_replicate: Callable[[int], None],
) -> dict[str, Sample]:
    """Measure all predictors on all deals and on each replicate.

    Args:
        measure: deal weights (deals,) -> figures by predictor and key.
        draws: the replicates' deal weights.
        deals: number of deals.
        on_replicate: called with each replicate's number, from 0.
    """
    point = measure(np.ones(deals))
    replicates = []
    for number, weights in enumerate(draws):
        on_replicate(number)
        replicates.append(measure(weights))
    return {name: Sample(point[name], [r[name] for r in replicates]) for name in point}


def _figure(value: float, draws: Floats) -> Figure:
    known = draws[np.isfinite(draws)]
    if not np.isfinite(value) or not len(known):
        return Figure(value, float("nan"), float("nan"))
    low, high = np.percentile(known, _INTERVAL)
    return Figure(value, float(low), float(high))
