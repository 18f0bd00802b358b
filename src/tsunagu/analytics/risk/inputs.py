"""From a log and snapshots to numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import FittedFeatures, feature_tables
from tsunagu.analytics.risk.arrays import Floats, Ints, Singles
from tsunagu.analytics.risk.hazard_model import Landmarks
from tsunagu.analytics.risk.periods import BROKEN_OFF_CLASS, CAUSES, CLASS_OF
from tsunagu.analytics.risk.training import Ends, History

STAGE = "stage"
_KEYS = ["deal_id", "at"]
_MICROS = 1e6
_ROWS_IN_CACHE = 4_096
"""Rows of the matrix that are written at a time: its columns lie far apart in memory."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


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
    order = _order(table)
    columns = [table[name].to_numpy().astype(np.float32) for name in recipe.names]
    features = np.empty((len(table), len(columns)), dtype=np.float32)
    for start in range(0, len(table), _ROWS_IN_CACHE):
        rows = order[start : start + _ROWS_IN_CACHE]
        for position, column in enumerate(columns):
            features[start : start + len(rows), position] = column[rows]
    keys = table.select(_KEYS).take(pa.array(order))
    return Snapshots(keys, Landmarks(features, _stages(features, recipe)))


def in_order(table: pa.Table) -> pa.Table:
    """Rows sorted by deal and time."""
    return table.take(pa.array(_order(table)))


def _order(table: pa.Table) -> Ints:
    """Positions of the rows, sorted by deal and time."""
    found = pc.sort_indices(table, [(key, "ascending") for key in _KEYS])
    order: Ints = found.to_numpy().astype(np.int64)
    return order


def _stages(features: Singles, recipe: FittedFeatures) -> Ints:
    if STAGE not in recipe.names:
        return np.full(len(features), -1, dtype=np.int64)
    codes: Ints = features[:, recipe.names.index(STAGE)].astype(np.int64)
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
    until = log.observed_until.timestamp()
    return History(
        deal.astype(np.int64), _seconds(keys["at"]), ended, outcome, until, np.ones(len(keys))
    )


def labelled(recipe: FittedFeatures, log: EventLog, landmarks: ir.Table) -> ir.Table:
    """The features, and ``outcome, ended_at`` of each deal, null while it is open."""
    features = recipe.transform(log, landmarks)
    return features.left_join(log.outcomes(), "deal_id").drop("deal_id_right")


def history_of(rows: pa.Table, until: float) -> History:
    """The labels of rows that :func:`labelled` gave, sorted by deal and time."""
    over = rows["outcome"].is_valid().to_numpy()
    ended = np.where(over, _seconds(rows["ended_at"].fill_null(_NEVER)), np.nan)
    outcome = np.where(over, _classes(rows["outcome"].fill_null(CAUSES[0].value)), 0)
    deal = pc.dictionary_encode(rows["deal_id"].combine_chunks()).indices.to_numpy()
    at = _seconds(rows["at"])
    return History(deal.astype(np.int64), at, ended, outcome, until, np.ones(len(rows)))


def ends(log: EventLog, landmarks: ir.Table) -> Ends:
    """What became of the deals that have a landmark, as known at the log's end."""
    deals = landmarks.group_by("deal_id").agg(landmarks=landmarks.count())
    found = deals.left_join(log.outcomes(), "deal_id").select("landmarks", "outcome", "ended_at")
    table = found.to_pyarrow()
    over = table.filter(table["outcome"].is_valid())
    broken = int((_classes(over["outcome"]) == BROKEN_OFF_CLASS).sum())
    total = pc.sum(table["landmarks"]).as_py() or 0
    return Ends(int(total), broken, _seconds(over["ended_at"]), log.observed_until.timestamp())


def _seconds(instants: pa.ChunkedArray) -> Floats:
    micros: Floats = instants.cast(pa.int64()).to_numpy().astype(np.float64)
    return micros / _MICROS


def _classes(outcomes: pa.ChunkedArray) -> Ints:
    names = pa.array(list(CLASS_OF))
    place = pc.index_in(outcomes, value_set=names)
    classes: Ints = place.to_numpy().astype(np.int64) + 1
    return classes
