"""What became of the deals judged at a landmark: days to the end, and which end or none yet."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog, Outcome
from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers

CENSORED = 0
EVENT_CODES: dict[Outcome, int] = {Outcome.BROKEN_OFF: 1, Outcome.WON: 2, Outcome.LOST: 3}
BROKEN_OFF = EVENT_CODES[Outcome.BROKEN_OFF]

_MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Labels:
    """Time to the end of each landmark's deal, right-censored where the log stops.

    Attributes:
        days: (n,) days from the landmark to the end, or to the end of observation.
        event: (n,) a code of :data:`EVENT_CODES`, or :data:`CENSORED`.
    """

    days: Floats
    event: Integers

    def cases(self, horizon_days: float) -> Flags:
        """(n,) whether the deal is known to have broken off within the horizon."""
        broken_off: Flags = (self.event == BROKEN_OFF) & (self.days <= horizon_days)
        return broken_off


@dataclass(frozen=True)
class Landmarks:
    """Open deals at the instants at which they are judged, ordered by instant, then deal.

    Attributes:
        deal_ids: (d,) the deals, in ascending byte order.
        deal: (n,) index into ``deal_ids``.
        at: (n,) microseconds since the epoch, UTC.
        labels: what became of them.
        followed: (n,) days from the landmark to the end of observation.
    """

    deal_ids: pa.Array
    deal: Integers
    at: Integers
    labels: Labels
    followed: Floats

    def __len__(self) -> int:
        return len(self.deal)


def label(log: EventLog, snapshots: ir.Table) -> Landmarks:
    """Label each snapshot with the first outcome after it, seen up to ``log.observed_until``.

    Args:
        log: the whole log: labels are what the future brought.
        snapshots: columns ``deal_id, at``, of deals open at ``at``.

    Raises:
        ValueError: if a snapshot lies at or after its deal's end, or has an unknown outcome.
    """
    joined = snapshots.select("deal_id", "at").left_join(log.outcomes(), "deal_id")
    table = in_order(joined.select("deal_id", "at", "outcome", "ended_at").to_pyarrow())
    at = microseconds(table["at"])
    until = np.full(len(at), int(log.observed_until.timestamp() * 1_000_000))
    ended = table["ended_at"].is_valid().to_numpy()
    end = np.where(ended, microseconds(table["ended_at"]), until)
    ids = pc.unique(table["deal_id"]).sort()
    labels = Labels(_days(end - at), _codes(table["outcome"], ended))
    if np.any(labels.days < 0) or np.any(ended & (labels.days == 0)):
        raise ValueError("a snapshot lies at or after its deal's end; judge open deals only")
    deal = pc.index_in(table["deal_id"], value_set=ids).to_numpy().astype(np.int64)
    return Landmarks(ids, deal, at, labels, _days(until - at))


def in_order(table: pa.Table) -> pa.Table:
    """The table ordered by ``at``, then ``deal_id`` in byte order: the order of landmarks."""
    return table.combine_chunks().sort_by([("at", "ascending"), ("deal_id", "ascending")])


def microseconds(column: pa.ChunkedArray) -> Integers:
    """(n,) instants as microseconds since the epoch; nulls become 0."""
    instants = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return np.asarray(instants.fill_null(0).to_numpy(), dtype=np.int64)


def _days(span: Integers) -> Floats:
    return span / _MICROSECONDS_A_DAY


def _codes(outcomes: pa.ChunkedArray, ended: Flags) -> Integers:
    names = pa.array([outcome.value for outcome in EVENT_CODES])
    codes = np.array([*EVENT_CODES.values(), CENSORED], dtype=np.int64)
    positions = pc.index_in(outcomes, value_set=names).fill_null(len(names)).to_numpy()
    event: Integers = codes[positions]
    if np.any(ended & (event == CENSORED)):
        raise ValueError(f"an outcome is none of {', '.join(names.to_pylist())}")
    return event
