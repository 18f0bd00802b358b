"""Tsunagu's own risk model as a predictor that can be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.labels import in_order
from tsunagu.analytics.evaluation.ranking import Window, best_window
from tsunagu.analytics.risk import RiskModel


@dataclass(frozen=True)
class RiskPredictor:
    """Fits :class:`tsunagu.analytics.risk.RiskModel`; lists deals by their risk in a window.

    Args:
        window: whose risk orders the list; default: chosen on the training log by
            :func:`tsunagu.analytics.evaluation.ranking.best_window`.
        name: the row's label.
    """

    window: Window | None = None
    name: str = "tsunagu"

    def fit(self, log: EventLog, *, seed: int) -> FittedRisk:
        """Fit the model on a training log."""
        window = best_window(log, seed=seed) if self.window is None else self.window
        return FittedRisk(RiskModel.fit(log, seed=seed), window)


@dataclass(frozen=True)
class FittedRisk:
    """A fitted risk model, which gives probabilities and a ranking."""

    model: RiskModel
    window: Window

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Cumulative incidences, one row a snapshot, ordered by ``at``, ``deal_id``."""
        return in_order(self.model.score(log, snapshots))

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``deal_id, at, score``: the risk of breaking off in the window."""
        scores = self.score(log, snapshots)
        keys = scores.select(["deal_id", "at"])
        return keys.append_column("score", pa.array(self.window.risk(scores)))
