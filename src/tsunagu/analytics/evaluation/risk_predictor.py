"""Tsunagu's own risk model as a predictor that can be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog, Outcome, incidence_column
from tsunagu.analytics.risk import RiskModel

RANKING_DAYS = 30
"""The list of the riskiest is ordered by the risk within so many days, as it is on the screens."""


@dataclass(frozen=True)
class RiskPredictor:
    """Fits :class:`tsunagu.analytics.risk.RiskModel`; ranks deals by their risk of breaking off.

    Args:
        ranking_days: horizon, of ``HORIZONS_DAYS``, whose risk orders the list.
        name: the row's label.
    """

    ranking_days: int = RANKING_DAYS
    name: str = "tsunagu"

    def fit(self, log: EventLog, *, seed: int) -> FittedRisk:
        """Fit the model on a training log."""
        return FittedRisk(RiskModel.fit(log, seed=seed), self.ranking_days)


@dataclass(frozen=True)
class FittedRisk:
    """A fitted risk model, which gives probabilities and a ranking."""

    model: RiskModel
    ranking_days: int = RANKING_DAYS

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Cumulative incidences, one row a snapshot."""
        return self.model.score(log, snapshots)

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``deal_id, at, score``: the risk of breaking off within ``ranking_days``."""
        scores = self.score(log, snapshots)
        column = incidence_column(Outcome.BROKEN_OFF, self.ranking_days)
        return scores.select(["deal_id", "at", column]).rename_columns(["deal_id", "at", "score"])
