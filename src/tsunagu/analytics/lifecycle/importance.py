"""What a model goes by: how much each group of features moves the risk."""

from __future__ import annotations

import ibis.expr.types as ir

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import GROUPS, current
from tsunagu.analytics.risk import RiskModel

SAMPLE = 500
"""Open deals that are explained; their mean hardly moves with more."""


def importance(model: RiskModel, log: EventLog, rows: ir.Table | None = None) -> dict[str, float]:
    """Mean size of each group's contribution to the log-odds, over open deals; the largest first.

    Args:
        model: any.
        log: whose open deals are explained.
        rows: ``deal_id, at`` to explain instead of the deals open at the log's end.
    """
    asked = (current(log) if rows is None else rows).order_by("deal_id", "at").limit(SAMPLE)
    found = model.explain(log, asked.cache(), top=len(GROUPS))
    totals: dict[str, float] = {}
    for explanation in found:
        for reason in explanation.reasons:
            totals[reason.group] = totals.get(reason.group, 0.0) + abs(reason.contribution)
    strongest = sorted(totals, key=lambda group: (-totals[group], group))
    return {group: totals[group] / len(found) for group in strongest}
