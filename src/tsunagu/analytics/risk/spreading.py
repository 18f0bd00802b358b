"""A model at work on a cluster: its executors score the rows that they hold."""

from __future__ import annotations

import ibis.expr.types as ir

from tsunagu.analytics.backends.mapping import on_executors
from tsunagu.analytics.contracts import EventLog, score_schema
from tsunagu.analytics.risk.model import RiskModel


def scores(model: RiskModel, log: EventLog, snapshots: ir.Table) -> ir.Table:
    """What :meth:`RiskModel.score` gives, as a table of Spark that its executors compute.

    Args:
        model: any.
        log: on Spark.
        snapshots: ``deal_id, at``, there too.

    Returns:
        Columns of :func:`contracts.score_schema`, in no order.
    """
    features = model.recipe.transform(log, snapshots)
    return on_executors(features, model.score_from, score_schema())
