"""What a deal looks like at the end of its log: stage, amount, owner."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import EventLog, Kind


def deal_states(log: EventLog) -> ir.Table:
    """One row a deal as of ``log.observed_until``.

    Columns ``deal_id, customer_id, owner_id, created_at, stage, amount``: the last stage, amount
    and owner that events tell; the owner falls back to the one at creation.
    """
    latest = log.events.group_by("deal_id").agg(
        stage=_last(log.events, Kind.STAGE, "value"),
        amount=_last(log.events, Kind.AMOUNT, "amount"),
        last_owner=_last(log.events, Kind.OWNER, "value"),
    )
    deals = log.deals.left_join(latest, "deal_id")
    return deals.select(
        "deal_id",
        "customer_id",
        ibis.coalesce(deals.last_owner, deals.owner_id).name("owner_id"),
        "created_at",
        "stage",
        "amount",
    )


def _last(events: ir.Table, kind: Kind, column: str) -> ir.Value:
    chosen = (events.kind == kind.value) & events[column].notnull()
    return events[column].argmax(events.at, where=chosen)
