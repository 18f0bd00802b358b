"""What each deal is worth, for figures weighted by value."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog, Kind
from tsunagu.analytics.evaluation.arrays import Floats

_STATIC = "amount"


def deal_values(log: EventLog, deal_ids: pa.Array) -> Floats | None:
    """The last amount recorded before each deal's end, else its attribute ``amount``.

    Args:
        log: the whole log.
        deal_ids: (d,) the deals asked about.

    Returns:
        (d,) values, NaN where none is known or it is not positive; None if no deal has one.
    """
    table = _worth(log).to_pyarrow()
    place = pc.index_in(deal_ids, value_set=table["deal_id"].combine_chunks())
    worth = table["worth"].combine_chunks().take(place).fill_null(float("nan"))
    values = np.array(worth.to_numpy(zero_copy_only=False), dtype=np.float64)
    values[~(values > 0)] = np.nan
    return values if np.isfinite(values).any() else None


def _worth(log: EventLog) -> ir.Table:
    last = _last_amounts(log)
    static = log.deals[_STATIC].try_cast("float64") if _STATIC in log.attributes else ibis.null()
    deals = log.deals.select("deal_id", static=static.cast("float64"))
    joined = deals.left_join(last, "deal_id").select("deal_id", "static", "amount")
    return joined.select("deal_id", worth=joined.amount.coalesce(joined.static))


def _last_amounts(log: EventLog) -> ir.Table:
    events = log.events.filter(
        (log.events.kind == Kind.AMOUNT.value)
        & log.events.amount.notnull()
        & (log.events.at <= log.observed_until)
    ).select("deal_id", "at", "amount")
    ends = log.outcomes().select("deal_id", "ended_at")
    known = events.left_join(ends, "deal_id").select("deal_id", "at", "amount", "ended_at")
    known = known.filter(known.ended_at.isnull() | (known.at < known.ended_at))
    return known.group_by("deal_id").agg(amount=known.amount.argmax(known.at))
