"""Cases that were answered, as columns: which play, why interrupted, how hard, what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.plays.settings import GRADE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_INSTANT = pa.timestamp("us", tz="UTC")
_KEYS = (
    pa.field("case_id", pa.string(), nullable=False),
    pa.field("play", pa.string(), nullable=False),
    pa.field("cause", pa.string(), nullable=False),
    pa.field("began_at", _INSTANT, nullable=False),
    pa.field("resumed_at", _INSTANT),
)


def case_schema(hardness: Sequence[str] = ()) -> pa.Schema:
    """Columns of a table of cases: one row a case.

    ``play`` is :data:`~tsunagu.analytics.plays.settings.NO_PLAY` where none was taken; ``cause`` is
    whatever the caller tells cases apart by; ``resumed_at`` is null where the sale has not
    resumed.  Each name of ``hardness`` is a float64 column, null where unknown, of what was known
    ``began_at``: nothing later may be in it.
    """
    return pa.schema([*_KEYS, *(pa.field(name, pa.float64()) for name in hardness)])


@dataclass(frozen=True)
class Settled:
    """Cases whose time is over, ordered by ``case_id``.

    Attributes:
        plays, causes: names, sorted.
        play, cause: shape (n,), index into them.
        resumed: shape (n,), 1.0 or 0.0.
        hardness: shape (n, k), standardised, without gaps.
        grade: shape (n,), what people said of it, standardised; nan where nobody did.
        fold: shape (n,), the part of the cross-fitting in which a case is held out.
    """

    plays: tuple[str, ...]
    causes: tuple[str, ...]
    play: Ints
    cause: Ints
    resumed: Floats
    hardness: Floats
    grade: Floats
    fold: Ints

    def __len__(self) -> int:
        return len(self.play)


def usable(cases: pa.Table, until: datetime, horizon_days: int) -> pa.Table:
    """The cases whose response began ``horizon_days`` before ``until`` or earlier."""
    latest = pa.scalar(until - timedelta(days=horizon_days), _INSTANT)
    return cases.filter(pc.less_equal(cases["began_at"], latest))


def settle(cases: pa.Table, until: datetime, horizon_days: int, folds: int, seed: int) -> Settled:
    """What is known ``until`` then, in arrays.

    Raises:
        TsunaguError: if a column is missing or a case stands twice.
    """
    _check(cases)
    kept = usable(cases, until, horizon_days).sort_by("case_id").combine_chunks()
    play, plays = _codes(kept["play"])
    cause, causes = _codes(kept["cause"])
    names = [name for name in sorted(kept.column_names) if name not in pa.schema(_KEYS).names]
    return Settled(
        plays,
        causes,
        play,
        cause,
        _resumed(kept, horizon_days),
        _standardised([_filled(kept[name]) for name in names], len(kept)),
        _grades(kept),
        _folds(kept["case_id"].to_pylist(), play, folds, seed),
    )


def _check(cases: pa.Table) -> None:
    missing = [field.name for field in _KEYS if field.name not in cases.column_names]
    if missing:
        raise TsunaguError(
            f"The table of cases lacks {', '.join(missing)}.",
            remedy="Give the columns of `case_schema`.",
        )
    if pc.count_distinct(cases["case_id"]).as_py() < len(cases):
        raise TsunaguError("A case stands in the table twice.", remedy="Give each case one row.")


def _codes(column: pa.ChunkedArray) -> tuple[Ints, tuple[str, ...]]:
    names = pc.unique(column).sort()
    codes = pc.index_in(column, value_set=names).to_numpy().astype(np.int64)
    return codes, tuple(names.to_pylist())


def _resumed(cases: pa.Table, horizon_days: int) -> Floats:
    """Within the horizon; a sale that resumed later, or never, did not."""
    began, back = (cases[c].cast(pa.int64()) for c in ("began_at", "resumed_at"))
    in_time = pc.less_equal(pc.subtract(back, began), horizon_days * 86_400_000_000)
    return np.asarray(in_time.fill_null(False).to_numpy(zero_copy_only=False), dtype=np.float64)


def _filled(column: pa.ChunkedArray) -> list[Floats]:
    """The numbers with gaps at their median, and where there are gaps a column that says so."""
    values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    gaps = ~np.isfinite(values)
    if gaps.all():
        return []
    filled = np.where(gaps, np.median(values[~gaps]), values)
    return [filled, gaps.astype(np.float64)] if gaps.any() else [filled]


def _grades(cases: pa.Table) -> Floats:
    if GRADE not in cases.column_names:
        return np.full(len(cases), np.nan)
    grade = np.asarray(cases[GRADE].cast(pa.float64()).to_numpy(), dtype=np.float64)
    known = grade[np.isfinite(grade)]
    if not len(known) or known.std() == 0:
        return np.full(len(cases), np.nan)
    scaled: Floats = (grade - known.mean()) / known.std()
    return scaled


def _standardised(columns: list[list[Floats]], count: int) -> Floats:
    found = [column for pair in columns for column in pair if column.std() > 0]
    if not found:
        return np.zeros((count, 0))
    matrix: Floats = np.column_stack(found)
    scaled: Floats = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    return np.clip(scaled, -4, 4)


def _folds(case_ids: list[str], play: Ints, folds: int, seed: int) -> Ints:
    """Dealt out within each play, in an order that only the seed and the case's name decide."""
    names = [hashlib.sha256(f"{seed}:{case}".encode()).digest() for case in case_ids]
    order = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
    order = order[np.argsort(play[order], kind="stable")]
    fold = np.empty(len(names), dtype=np.int64)
    fold[order] = np.arange(len(names)) % folds
    return fold
