"""A fitted model that follows how often deals end, week by week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.backends.mapping import lies_on_executors, on_executors
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import FittedFeatures, weekly
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.risk import inputs
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.calendar import WEEK_DAYS, WEEKS_BACK, Recent, Weekly
from tsunagu.analytics.risk.following import expected_of, in_time
from tsunagu.analytics.risk.hazard_model import HazardModel
from tsunagu.analytics.risk.periods import CAUSES

_TALLY = pa.schema(
    [
        ("start", pa.float64()),
        ("band", pa.int32()),
        ("cause", pa.int32()),
        ("observed", pa.float64()),
        ("expected", pa.float64()),
    ]
)


def incidence(
    recipe: FittedFeatures, model: HazardModel, log: EventLog, found: inputs.Snapshots
) -> Floats:
    """Cumulative incidences of ``found``, each by the level of its week, (n, intervals, causes)."""
    at = _instants(found)
    if model.trees is None or not len(at):
        return model.incidence(found.landmarks)
    past = _past(recipe, model, log, (at.min(), at.max()))
    return in_time(model, past, found.landmarks, at, model.recent.edges)


def brought_up_to(recipe: FittedFeatures, model: HazardModel, log: EventLog) -> HazardModel:
    """``model`` with the level of the last weeks of ``log``."""
    if model.trees is None:
        return model
    now, edges = log.observed_until.timestamp(), model.recent.edges
    tally = (
        _tally_on_executors(recipe, model, log)
        if lies_on_executors(log.events)
        else _past(recipe, model, log, (now, now)).tally(now, edges)
    )
    return replace(model, recent=Recent.of_tally(*tally, now, edges))


def _tally_on_executors(
    recipe: FittedFeatures, model: HazardModel, log: EventLog
) -> tuple[Floats, Floats, Floats]:
    """The same sums, each batch of landmarks tallied where it lies."""
    now, edges = log.observed_until.timestamp(), model.recent.edges
    rows = inputs.labelled(recipe, log, _lately(log, (now, now)))
    parts = on_executors(rows, partial(_tally_of, recipe, model, now), _TALLY)
    sums = parts.group_by("start", "band", "cause").agg(
        observed=parts.observed.sum(), expected=parts.expected.sum()
    )
    table = sums.to_pyarrow()
    starts, week = np.unique(table["start"].to_numpy(), return_inverse=True)
    place = (week, table["band"].to_numpy(), table["cause"].to_numpy())
    observed, expected = np.zeros((2, len(starts), len(edges) + 1, len(CAUSES)))
    observed[place], expected[place] = table["observed"], table["expected"]
    return starts, observed, expected


def _tally_of(recipe: FittedFeatures, model: HazardModel, now: float, rows: pa.Table) -> pa.Table:
    """One row for each week, band of age and cause of ``rows``."""
    rows = inputs.in_order(rows)
    read, history = inputs.arrange(recipe, rows), inputs.history_of(rows, now)
    weekly = expected_of(model, read.landmarks, history, np.arange(len(rows)))
    starts, observed, expected = weekly.tally(now, model.recent.edges)
    week, band, cause = np.indices(observed.shape).reshape(3, -1)
    columns = [starts[week], band, cause, observed.ravel(), expected.ravel()]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _TALLY, strict=True)], _TALLY)


def _instants(found: inputs.Snapshots) -> Floats:
    micros: Floats = found.keys["at"].cast(pa.int64()).to_numpy().astype(np.float64)
    return micros / 1e6


def _past(
    recipe: FittedFeatures, model: HazardModel, log: EventLog, asked: tuple[float, float]
) -> Weekly:
    """The weekly landmarks from well before the first instant up to the last."""
    read = inputs.read(recipe, log, _lately(log, asked))
    history = inputs.history(log, read.keys)
    return expected_of(model, read.landmarks, history, np.arange(len(history.at)))


def _lately(log: EventLog, asked: tuple[float, float]) -> ir.Table:
    """The weekly landmarks from well before the first instant up to the last."""
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in asked)
    start = first - timedelta(days=WEEKS_BACK * WEEK_DAYS)
    return materialise(weekly(log, start=start, end=last))
