"""What an evaluation needs of a model or a baseline: fit on the past, rank the open deals.

The tables asked about ("snapshots") have the columns ``deal_id`` and ``at``: a deal, and the
instant as of which it is judged.  A predictor sees only what had happened by that instant.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog


@runtime_checkable
class FittedPredictor(Protocol):
    """A baseline or model that has learnt from a training log."""

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Order deals by how much they are at risk of breaking off.

        Args:
            log: the log to look into; facts after a snapshot's ``at`` are not used for it.
            snapshots: columns ``deal_id, at``; on the log's backend.

        Returns:
            One row a snapshot, ordered by ``at, deal_id``: ``deal_id, at, score`` (float64, never
            null; higher is more at risk; comparable between deals of one instant), and for rules
            with a yes or no of their own ``fires`` (boolean).
        """


@runtime_checkable
class ProbabilityPredictor(FittedPredictor, Protocol):
    """A predictor that also gives calibrated-in-intention probabilities for every horizon."""

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Cumulative incidences per outcome and horizon, one row a snapshot.

        Returns:
            Columns of :func:`tsunagu.analytics.contracts.score_schema`, ordered by ``at, deal_id``.
        """


class Baseline(Protocol):
    """Something that can be fitted on a training log, under a name to print."""

    @property
    def name(self) -> str:
        """Stable name: the row's label in an evaluation table."""

    def fit(self, log: EventLog, *, seed: int) -> FittedPredictor:
        """Learn from ``log``, the whole of which lies before the evaluation.

        Args:
            log: training log, already cut: ``log.until(t)``.
            seed: makes whatever is random repeatable; the rules have nothing random.

        Raises:
            NotEnoughHistoryError: if the log has no finished deal of a kind that is needed.
        """
