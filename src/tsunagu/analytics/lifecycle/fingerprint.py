"""A fingerprint of an event log: the same facts give the same one, in whatever order they lie."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.backends.instants import in_utc
from tsunagu.analytics.contracts import EventLog


@dataclass(frozen=True)
class Fingerprint:
    """What a log held.

    Attributes:
        digest: SHA-256 of every column, the time zone and the stages.
        deals: number of deals.
        events: number of events up to the log's end.
        first: the first event; None without events.
        last: the last one.
    """

    digest: str
    deals: int
    events: int
    first: datetime | None
    last: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        times = {"first": self.first, "last": self.last}
        return vars(self) | {k: v.isoformat() if v else None for k, v in times.items()}


def fingerprint(log: EventLog) -> Fingerprint:
    """The fingerprint of what ``log`` held at its ``observed_until``.

    Rows are sorted by their keys (two events of one deal never share an instant) and columns by
    their names before they are hashed, in batches: memory does not grow with the log.
    """
    events = log.events.filter(log.events.at <= log.observed_until)
    rows = [_digests(events, ["deal_id", "at"]), _digests(log.deals, ["deal_id"])]
    parts = [log.time_zone, list(log.stages), *rows]
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
    ends = events.agg(n=events.count(), first=events.at.min(), last=events.at.max()).to_pyarrow()
    count, first, last = (ends[name][0].as_py() for name in ("n", "first", "last"))
    deals = int(log.deals.count().to_pyarrow().as_py())
    return Fingerprint(digest, deals, int(count), _utc(first), _utc(last))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else in_utc(moment)


def _digests(table: ir.Table, keys: list[str]) -> dict[str, list[str]]:
    """By column, the digests of its nulls and sizes, and of its values."""
    names = sorted(table.columns)
    hashes = {name: (hashlib.sha256(), hashlib.sha256()) for name in names}
    for batch in table.select(*names).order_by(keys).to_pyarrow_batches():
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for whole, content in zip(hashes[name], _content(column), strict=True):
                whole.update(content)
    return {name: [h.hexdigest() for h in both] for name, both in hashes.items()}


def _content(column: pa.Array) -> tuple[bytes, bytes]:
    """Sizes (-1: null) and values; batches of any length join to the same bytes."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        sizes = pc.binary_length(column).cast(pa.int64()).fill_null(-1)
        return _bytes(sizes), "".join(column.drop_null().to_pylist()).encode()
    valid = column.is_valid().cast(pa.int8())
    kind = pa.float64() if pa.types.is_floating(column.type) else pa.int64()
    return _bytes(valid), _bytes(_instants(column).cast(kind).fill_null(0))


def _instants(column: pa.Array) -> pa.Array:
    """Instants in microseconds, whatever unit the engine hands out."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())
    return column


def _bytes(numbers: pa.Array) -> bytes:
    values: np.ndarray[Any, Any] = numbers.to_numpy(zero_copy_only=False)
    return values.tobytes()
