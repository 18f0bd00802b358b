"""The answers: how deals were decided, and when that was known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.outcomes.arrays import Floats, Ints
from tsunagu.analytics.outcomes.sequences import seconds

DECISION_SCHEMA = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("answer", pa.string(), nullable=False),
        pa.field("decided_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""One row a decided deal: how it was decided, and when that became known."""


@dataclass(frozen=True)
class Decisions:
    """Decisions by deal.

    Attributes:
        answers: names of the answers, sorted.
        answer: (d,) position in ``answers``; -1 where the deal is undecided.
        at: (d,) epoch seconds; NaN where it is undecided.
    """

    answers: tuple[str, ...]
    answer: Ints
    at: Floats


def of_log(log: EventLog) -> pa.Table:
    """The log's own outcomes as decisions."""
    ends = log.outcomes().order_by("deal_id").to_pyarrow()
    return ends.rename_columns(["deal_id", "answer", "decided_at"]).cast(DECISION_SCHEMA)


def place(decisions: pa.Table, deal_ids: pa.Array, answers: tuple[str, ...] | None) -> Decisions:
    """``decisions`` by the numbers of ``deal_ids``.

    Args:
        decisions: :data:`DECISION_SCHEMA`, one row a deal, in any order.
        deal_ids: (d,) sorted.
        answers: their names; None: those that occur, sorted.

    Raises:
        ValueError: if an answer is not among ``answers``.
    """
    names = answers or tuple(sorted(pc.unique(decisions["answer"]).to_pylist()))
    row = pc.index_in(deal_ids, value_set=decisions["deal_id"].combine_chunks())
    found = row.is_valid().to_numpy(zero_copy_only=False)
    position = pc.index_in(decisions["answer"].combine_chunks(), value_set=pa.array(names))
    if position.null_count:
        raise ValueError(f"unknown answers; known are {', '.join(names)}")
    answer, at = np.full(len(deal_ids), -1), np.full(len(deal_ids), np.nan)
    rows = row.drop_null().to_numpy()
    answer[found] = position.to_numpy()[rows]
    at[found] = seconds(decisions["decided_at"])[rows]
    return Decisions(names, answer, at)
