"""From a log and snapshots to numbers."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import FittedFeatures, feature_tables
from tsunagu.analytics.risk.arrays import Floats, Ints
from tsunagu.analytics.risk.hazard_model import Landmarks
from tsunagu.analytics.risk.periods import CLASS_OF
from tsunagu.analytics.risk.training import History

STAGE = "stage"
_KEYS = ["deal_id", "at"]
_MICROS = 1e6


@dataclass(frozen=True)
class Snapshots:
    """Snapshots with their features, sorted by deal and time.

    Attributes:
        keys: ``deal_id, at``.
        landmarks: the features, row by row.
    """

    keys: pa.Table
    landmarks: Landmarks


def read(recipe: FittedFeatures, log: EventLog, snapshots: ir.Table) -> Snapshots:
    """Compute the features of ``snapshots``; of a large log, some deals at a time."""
    return _joined([arrange(recipe, table) for table in feature_tables(recipe, log, snapshots)])


def _joined(parts: list[Snapshots]) -> Snapshots:
    """Snapshots that follow each other."""
    if len(parts) == 1:
        return parts[0]
    keys = pa.concat_tables([part.keys for part in parts])
    features = np.concatenate([part.landmarks.features for part in parts])
    stages = np.concatenate([part.landmarks.stages for part in parts])
    return Snapshots(keys, Landmarks(features, stages))


def arrange(recipe: FittedFeatures, table: pa.Table) -> Snapshots:
    """Bring the features that ``recipe`` gave into one matrix."""
    table = table.sort_by([(key, "ascending") for key in _KEYS])
    features = np.empty((len(table), len(recipe.names)), dtype=np.float32)
    for position, name in enumerate(recipe.names):
        features[:, position] = table[name].to_numpy()
    return Snapshots(table.select(_KEYS), Landmarks(features, _stages(table, recipe)))


def _stages(table: pa.Table, recipe: FittedFeatures) -> Ints:
    if STAGE not in recipe.names:
        return np.full(len(table), -1, dtype=np.int64)
    codes: Ints = table[STAGE].to_numpy().astype(np.int64)
    return codes


def history(log: EventLog, keys: pa.Table) -> History:
    """The labels of snapshots, as known at the log's end."""
    ends = log.outcomes().order_by("deal_id").to_pyarrow()
    place = pc.index_in(keys["deal_id"].combine_chunks(), value_set=ends["deal_id"])
    found = place.is_valid().to_numpy(zero_copy_only=False)
    row = place.fill_null(0).to_numpy()
    ended = np.full(len(keys), np.nan)
    outcome = np.zeros(len(keys), dtype=np.int64)
    ended[found] = _seconds(ends["ended_at"])[row[found]]
    outcome[found] = _classes(ends["outcome"])[row[found]]
    deal = pc.dictionary_encode(keys["deal_id"].combine_chunks()).indices.to_numpy()
    return History(
        deal.astype(np.int64), _seconds(keys["at"]), ended, outcome, log.observed_until.timestamp()
    )


def _seconds(instants: pa.ChunkedArray) -> Floats:
    micros: Floats = instants.cast(pa.int64()).to_numpy().astype(np.float64)
    return micros / _MICROS


def _classes(outcomes: pa.ChunkedArray) -> Ints:
    names = pa.array(list(CLASS_OF))
    place = pc.index_in(outcomes, value_set=names)
    classes: Ints = place.to_numpy().astype(np.int64) + 1
    return classes
