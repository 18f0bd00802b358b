"""A fitted model beside what came of its landmarks, week by week."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tsunagu.analytics.risk.arrays import Floats, Ints
from tsunagu.analytics.risk.calendar import AS_EXPECTED, WEEK, Recent, Weekly
from tsunagu.analytics.risk.hazard_model import HazardModel, Landmarks
from tsunagu.analytics.risk.periods import CAUSES, INTERVALS

if TYPE_CHECKING:
    from tsunagu.analytics.risk.training import History


def expected_of(model: HazardModel, landmarks: Landmarks, history: History, rows: Ints) -> Weekly:
    """What ``model`` expects of the week after each of ``rows``, and what came, as in ``history``.

    The level of late is left out: it is what is asked for.
    """
    chosen, plain = landmarks.where(rows), replace(model, recent=AS_EXPECTED)
    hazards = model.calibration(plain.blended(chosen, first=1))[:, 0]
    h = history
    ends = h.ended_at[rows], h.outcome[rows]
    return Weekly(h.at[rows], *ends, model.age(chosen), hazards, h.weight[rows])


def in_time(
    model: HazardModel, past: Weekly, landmarks: Landmarks, at: Floats, edges: Floats
) -> Floats:
    """Cumulative incidences of ``landmarks``, each by the level known in its week.

    Args:
        model: any.
        past: the weekly landmarks from which the level follows.
        landmarks: those asked about, (n,).
        at: their instants, epoch seconds, (n,).
        edges: between bands of age.

    Returns:
        Shape (n, intervals, causes).
    """
    found = np.zeros((len(at), INTERVALS, len(CAUSES)))
    week = np.floor(at / WEEK)
    for number in np.unique(week):
        rows = np.flatnonzero(week == number)
        recent = Recent.of(past, float(at[rows].min()), edges)
        found[rows] = replace(model, recent=recent).incidence(landmarks.where(rows))
    return found
