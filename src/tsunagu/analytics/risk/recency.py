"""A fitted model that follows how often deals end, week by week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import FittedFeatures, weekly
from tsunagu.analytics.risk import inputs
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.calendar import WEEK_DAYS, WEEKS_BACK, Recent, Weekly
from tsunagu.analytics.risk.following import expected_of, in_time
from tsunagu.analytics.risk.hazard_model import HazardModel


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
    now = log.observed_until.timestamp()
    past = _past(recipe, model, log, (now, now))
    return replace(model, recent=Recent.of(past, now, model.recent.edges))


def _instants(found: inputs.Snapshots) -> Floats:
    micros: Floats = found.keys["at"].cast(pa.int64()).to_numpy().astype(np.float64)
    return micros / 1e6


def _past(
    recipe: FittedFeatures, model: HazardModel, log: EventLog, asked: tuple[float, float]
) -> Weekly:
    """The weekly landmarks from well before the first instant up to the last."""
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in asked)
    start = first - timedelta(days=WEEKS_BACK * WEEK_DAYS)
    read = inputs.read(recipe, log, weekly(log, start=start, end=last).cache())
    history = inputs.history(log, read.keys)
    return expected_of(model, read.landmarks, history, np.arange(len(history.at)))
