"""A big, seeded event log made in columns, for timing only: never evidence of model quality."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA

EVENTS_PER_DEAL = 25
DAY = 86_400_000_000
START = 1_672_531_200_000_000  # 2023-01-01 UTC, in microseconds
SPAN_DAYS = 730
STAGES = ("lead", "hearing", "proposal", "quote", "negotiation", "closing")
KINDS = ("email", "call", "meeting", "visit", "quote", "note", "stage", "close_date", "amount",
         "planned", "owner")  # fmt: skip
SHARES = (0.36, 0.17, 0.08, 0.05, 0.03, 0.08, 0.11, 0.04, 0.03, 0.04, 0.01)
CONTACT = 5
"""The first five kinds touch the customer and have a direction."""

Ints = npt.NDArray[np.int64]
Rng = np.random.Generator


class Part(NamedTuple):
    """Some deals, and their events in the order of deals and time."""

    deals: pa.Table
    events: pa.Table


def make(folder: Path, deals: int, seed: int = 7) -> None:
    """Write ``events.parquet`` and ``deals.parquet`` for ``deals`` deals (25 events each)."""
    rng = np.random.default_rng(seed)
    made = _part(rng, 0, deals, EVENTS_PER_DEAL, deals)
    shuffled = pa.array(rng.permutation(len(made.events)))
    pq.write_table(made.deals, folder / "deals.parquet")
    pq.write_table(made.events.take(shuffled), folder / "events.parquet")


def part(first: int, count: int, each: int, deals: int, seed: int = 7) -> Part:
    """``count`` of ``deals`` deals, from the one numbered ``first`` on, of ``each`` events."""
    return _part(np.random.default_rng([seed, first]), first, count, each, deals)


def _part(rng: Rng, first: int, count: int, each: int, deals: int) -> Part:
    created = START + rng.integers(0, SPAN_DAYS * DAY, count)
    life = np.minimum(rng.gamma(1.6, 41.0, count), 500.0) * DAY
    rows = _deals(rng, created, first, deals)
    return Part(rows, _events(rng, created, life.astype(np.int64), first, each, deals))


def _ids(prefix: str, codes: Ints) -> pa.Array:
    first = int(codes.min())
    names = pa.array([f"{prefix}{i:07d}" for i in range(first, int(codes.max()) + 1)])
    return names.take(pa.array(codes - first))


def _deals(rng: Rng, created: Ints, first: int, of: int) -> pa.Table:
    n = len(created)
    columns = [
        _ids("D", first + np.arange(n)),
        _ids("C", rng.integers(0, of // 3 + 1, n)),
        _ids("U", rng.integers(0, of // 400 + 2, n)),
        pa.array(created, pa.timestamp("us", tz="UTC")),
        pa.nulls(n, pa.timestamp("us", tz="UTC")),
    ]
    return pa.Table.from_arrays(columns, schema=DEAL_SCHEMA)


def _events(  # noqa: PLR0913, PLR0917
    rng: Rng, created: Ints, life: Ints, first: int, each: int, of: int
) -> pa.Table:
    """Events at random times of each deal's life, the last of a finished deal its outcome."""
    n = len(created) * each
    deal = np.repeat(np.arange(len(created)), each)
    share = np.sort(rng.random((len(created), each)), axis=1)
    share[:, -1] = 1.0
    at = created[deal] + (share.ravel() * life[deal]).astype(np.int64)
    at += np.tile(np.arange(each), len(created))  # no two share an instant
    kind = rng.choice(len(KINDS), n, p=SHARES)
    ended = np.zeros(n, bool)
    ended[each - 1 :: each] = True
    return _event_table(rng, first + deal, at, kind, ended, of // 400 + 2)


def _event_table(  # noqa: PLR0913, PLR0917
    rng: Rng, deal: Ints, at: Ints, kind: Ints, ended: npt.NDArray[np.bool_], owners: int
) -> pa.Table:
    n = len(deal)
    kinds = np.where(ended, len(KINDS), kind)
    direction = np.where((kinds < CONTACT), rng.choice(3, n, p=[0.4, 0.48, 0.12]), -1)
    money = np.isin(kinds, [KINDS.index("quote"), KINDS.index("amount")])
    columns = [
        _ids("D", deal),
        pa.array(at, pa.timestamp("us", tz="UTC")),
        _words((*KINDS, "outcome"), kinds),
        _values(rng, at, kinds, owners),
        pa.array(np.round(rng.lognormal(14, 1, n)), pa.float64(), mask=~money),
        pa.nulls(n, pa.string()),
        _words(("in", "out", "both"), direction),
        pa.nulls(n, pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=EVENT_SCHEMA)


def _words(words: tuple[str, ...], codes: Ints) -> pa.Array:
    return pa.array(words).take(pa.array(codes, mask=codes < 0))


def _values(rng: Rng, at: Ints, kinds: Ints, people: int) -> pa.Array:
    """Stage names, ISO dates, owner ids or outcomes, whichever the kind asks for."""
    n = len(at)
    first = START // DAY
    days = (at // DAY + rng.integers(-5, 60, n)) - first
    dates = [str(d) for d in np.arange(first, first + int(days.max()) + 1).astype("datetime64[D]")]
    outcomes = ("won", "broken_off", "lost")
    owners = tuple(f"U{i:07d}" for i in range(people))
    words = pa.array([*STAGES, *outcomes, *owners, *dates])
    base = len(STAGES) + len(outcomes)
    code = np.full(n, -1)
    code = np.where(kinds == KINDS.index("stage"), rng.integers(0, len(STAGES), n), code)
    code = np.where(kinds == len(KINDS), len(STAGES) + rng.integers(0, 3, n), code)
    code = np.where(kinds == KINDS.index("owner"), base + rng.integers(0, len(owners), n), code)
    dated = np.isin(kinds, [KINDS.index("planned"), KINDS.index("close_date")])
    code = np.where(dated, base + len(owners) + np.maximum(days, 0), code)
    return words.take(pa.array(code, mask=code < 0))
