"""What an evaluation found, as frozen values that go to JSON, tables and plots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A number with its 95% interval over resampled deals; NaN where it cannot be known."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """A predictor's figure minus that of the best of its rivals (Tsunagu's own rows are none)."""

    rival: str
    figure: Figure


@dataclass(frozen=True)
class Part:
    """One side of the cut.

    Attributes:
        since: start, or None for the beginning of the log.
        until: end.
        deals: deals open at one landmark at least.
        landmarks: open deals at weekly instants: the rows that are learnt from or judged.
        outcomes: ends within the part, by outcome, of all the log's deals.
    """

    since: datetime | None
    until: datetime
    deals: int
    landmarks: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True)
class ReliabilityBin:
    """One point of a reliability curve."""

    predicted: float
    observed: Figure
    landmarks: int


@dataclass(frozen=True)
class GroupCalibration:
    """How well a predictor's probabilities hold in one group of deals.

    Attributes:
        grouping: ``owner``, ``size``, or the name of an attribute.
        group: the group's name; a size is its number, 1 for the smallest deals.
        deals: how many of the judged deals are in it.
        predicted: mean probability.
        observed: share that broke off.
        gap: predicted minus observed.
        ece: expected calibration error within the group.
    """

    grouping: str
    group: str
    deals: int
    predicted: Figure
    observed: Figure
    gap: Figure
    ece: Figure


@dataclass(frozen=True)
class Distribution:
    """Histogram of risk over landmarks, by what became of the deal within the horizon.

    Attributes:
        horizon_days: the horizon of the risk and of the outcome.
        edges: (b + 1,) of the bins.
        broken_off: (b,) share of those that broke off within the horizon.
        others: (b,) share of those that did not.  Those censored before it are left out.
    """

    horizon_days: int
    edges: tuple[float, ...]
    broken_off: tuple[float, ...]
    others: tuple[float, ...]


@dataclass(frozen=True)
class NativeVolume:
    """How often a rule fires by itself in the test part."""

    rule: str
    listings: int
    per_hundred: float


@dataclass(frozen=True)
class Performance:
    """All figures of one predictor.

    Attributes:
        name: the predictor's stable name.
        figures: by key, see :mod:`tsunagu.analytics.evaluation.figures`.
        versus_best: difference to the best rival, for the same keys.
        reliability: by horizon; empty for predictors without probabilities.
        distribution: of risk; None for predictors without probabilities.
        versus_model: difference to the first predictor, the model, for the same keys.
        groups: calibration by owner, attribute and size, at the horizon nearest to 30 days; empty
            for predictors without probabilities.
    """

    name: str
    figures: Mapping[str, Figure]
    versus_best: Mapping[str, Difference]
    reliability: Mapping[int, tuple[ReliabilityBin, ...]]
    distribution: Distribution | None
    versus_model: Mapping[str, Figure] = field(default_factory=dict)
    groups: tuple[GroupCalibration, ...] = ()

    def figure(self, key: str) -> Figure:
        """The figure of ``key``, NaN where the predictor has none."""
        return self.figures.get(key, Figure(math.nan, math.nan, math.nan))


@dataclass(frozen=True)
class Skipped:
    """A predictor that could not be fitted, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Evaluation:
    """A time-ordered evaluation.

    Attributes:
        cut: predictors learnt from what was known then, and were judged on what came after.
        train: the part up to the cut.
        test: the part after it.
        horizons: horizons, in days, for which enough landmarks are followed.
        warnable: deals that broke off in the test part and could have been warned of.
        reachable: by lead in days, the share of these that were open at a landmark so early: what
            a perfect predictor could reach.
        performances: first the model, then its rivals, as given.
        native: rules' own volumes.
        skipped: predictors that could not be fitted.
        notes: what could not be measured, and why.
        seed: of everything random.
        bootstrap: how often the deals were resampled.
    """

    cut: datetime
    train: Part
    test: Part
    horizons: tuple[int, ...]
    warnable: int
    reachable: Mapping[int, float]
    performances: tuple[Performance, ...]
    native: tuple[NativeVolume, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    seed: int
    bootstrap: int

    def performance(self, name: str) -> Performance:
        """The performance of the predictor called ``name``.

        Raises:
            KeyError: if there is none.
        """
        return {performance.name: performance for performance in self.performances}[name]

    def to_dict(self) -> dict[str, Any]:
        """Only dicts, lists, strings, numbers and None: ready for JSON.  NaN becomes None."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
