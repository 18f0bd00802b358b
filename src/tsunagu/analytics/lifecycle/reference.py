"""How a model's features usually are distributed: what drift is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import weekly
from tsunagu.analytics.features.specs import FeatureSpec
from tsunagu.analytics.risk import RiskModel

Floats = npt.NDArray[np.float64]

SPAN = timedelta(weeks=52)
"""A whole year, so that every season is in what is usual."""

UNWATCHED = frozenset({"calendar", "load"})
"""The time of the year moves by itself. An owner's load is one number for many deals, so that a
handful of owners would pass for a hundred deals."""

EVERY_DAYS = 28
BINS = 10
MOST_LEVELS = 20


@dataclass(frozen=True)
class Bins:
    """One feature's usual distribution.

    Attributes:
        edges: between the bins, ascending.
        counts: landmarks in each bin (edges + 1), and last those where the feature is unknown.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def count(self, values: Floats) -> tuple[int, ...]:
        """How ``values`` (n,), NaN for unknown, fall into the bins."""
        known = values[np.isfinite(values)]
        place = np.searchsorted(self.edges, known, side="left")
        found = np.bincount(place, minlength=len(self.edges) + 1)
        return (*found.tolist(), len(values) - len(known))


@dataclass(frozen=True)
class Reference:
    """Usual distributions.

    Attributes:
        deals: distinct deals that they rest on.
        bins: by feature.
    """

    deals: int
    bins: Mapping[str, Bins]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"deals": self.deals, "bins": {n: asdict(b) for n, b in self.bins.items()}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reference:
        """Back from JSON."""
        bins = {
            name: Bins(tuple(b["edges"]), tuple(b["counts"])) for name, b in data["bins"].items()
        }
        return cls(data["deals"], bins)


def reference(model: RiskModel, log: EventLog) -> Reference:
    """How the features of the deals open in the year before ``log``'s end were distributed.

    Looked at every four weeks, since neighbouring weeks say much the same.
    """
    rows = weekly(log, start=log.observed_until - SPAN, every_days=EVERY_DAYS)
    table = look(model, log, rows)
    return of_table(table, model.recipe.specs)


def look(model: RiskModel, log: EventLog, rows: ir.Table) -> pa.Table:
    """The model's features as of each row, sorted by deal and time."""
    found = model.recipe.transform(log, rows).to_pyarrow()
    return found.sort_by([("deal_id", "ascending"), ("at", "ascending")])


def of_table(table: pa.Table, specs: tuple[FeatureSpec, ...]) -> Reference:
    """The distributions in a table of features with ``deal_id``."""
    watched = [spec for spec in specs if spec.group not in UNWATCHED]
    bins = {spec.name: _bins(numbers(table, spec.name), spec.categorical) for spec in watched}
    return Reference(len(table["deal_id"].unique()), bins)


def numbers(table: pa.Table, name: str) -> Floats:
    """(n,) a feature's values, NaN for unknown."""
    column = table[name].cast(pa.float64()).fill_null(float("nan"))
    values: Floats = column.to_numpy()
    return values


def _bins(values: Floats, categorical: bool) -> Bins:
    known = values[np.isfinite(values)]
    edges = _between_levels(known) if categorical else _quantiles(known)
    empty = Bins(edges, ())
    return Bins(edges, empty.count(values))


def _between_levels(codes: Floats) -> tuple[float, ...]:
    levels = np.unique(codes)[:MOST_LEVELS]
    return tuple((levels[:-1] + 0.5).tolist())


def _quantiles(known: Floats) -> tuple[float, ...]:
    if not len(known):
        return ()
    inner = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    return tuple(inner.tolist())
