"""Events that name no deal, linked by another key."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def latest_deal(keys: pa.Array, at: pa.Array, deals: pa.Table) -> pa.Array:
    """For each event the latest deal with its key created at or before it; null where none.

    Args:
        keys: the events' keys.
        at: the events' instants.
        deals: columns ``deal_id``, ``created_at`` and ``key``.
    """
    complete = pc.and_(deals.column("key").is_valid(), deals.column("created_at").is_valid())
    known = deals.filter(complete).sort_by([("created_at", "ascending"), ("deal_id", "ascending")])
    names = known.column("key").unique()
    deal_code = pc.index_in(known.column("key"), names).to_numpy()
    event_code = pc.fill_null(pc.index_in(keys, names), -1).to_numpy()
    created = known.column("created_at").cast(pa.int64()).to_numpy()
    moment = pc.fill_null(at.cast(pa.int64()), 0).to_numpy()
    before = _latest_before(deal_code, created, event_code, moment)
    return known.column("deal_id").combine_chunks().take(pa.array(before, mask=before < 0))


def _latest_before(
    deal_code: np.ndarray, created: np.ndarray, event_code: np.ndarray, moment: np.ndarray
) -> np.ndarray:
    """Merge both by (code, time), deals first, and carry the last deal's place forward."""
    size = len(deal_code)
    code = np.concatenate([deal_code, event_code])
    time = np.concatenate([created, moment])
    is_event = np.concatenate([np.zeros(size, bool), np.ones(len(moment), bool)])
    order = np.lexsort((is_event, time, code))
    place = np.where(is_event[order], -1, np.arange(len(order)))
    last = np.maximum.accumulate(place)
    found = np.where(last >= 0, order[np.maximum(last, 0)], -1)
    same = (found >= 0) & (code[np.maximum(found, 0)] == code[order])
    result = np.full(len(code), -1, np.int64)
    result[order] = np.where(same, found, -1)
    return result[size:]
