"""Contract checks that every predictor passes: seeded, serialisable, row order irrelevant, no look
into the future, and honest probabilities.

For the project's own tests and for those who write a predictor of their own::

    from tsunagu.analytics import testing
    testing.check_predictor(fit, load, log, snapshots, folder)

The idea is River's (``river/checks``): one suite for every model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tsunagu.analytics.contracts import (
    HORIZONS_DAYS,
    EventLog,
    Outcome,
    incidence_column,
    score_schema,
)

_TOLERANCE = 1e-9


class Predictor(Protocol):
    """A fitted model of break risk."""

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Cumulative incidences in :func:`contracts.score_schema`, sorted by deal and time."""
        ...

    def save(self, path: Path) -> None:
        """Write the model to one file."""
        ...


Fit = Callable[[EventLog, int], Predictor]
"""Fits a predictor on a log under a seed."""

Load = Callable[[Path], Predictor]
"""Reads what :meth:`Predictor.save` wrote."""


def check_predictor(fit: Fit, load: Load, log: EventLog, snapshots: ir.Table, folder: Path) -> None:
    """Run every check.

    Args:
        fit: fits on a log under a seed.
        load: reads a saved predictor.
        log: a log with enough deals to learn from.
        snapshots: ``deal_id, at`` within the log; ``at`` before its ``observed_until``.
        folder: an empty folder to save in.

    Raises:
        AssertionError: naming the contract that is broken.
    """
    predictor = fit(log, 0)
    scores = predictor.score(log, snapshots)
    check_probabilities(scores)
    check_seeded(fit, log, predictor, folder)
    check_serialisable(load, log, snapshots, predictor, folder)
    check_row_order(fit, log, snapshots, scores)
    check_no_look_ahead(predictor, log, snapshots)


class TextModel(Protocol):
    """A fitted model of labels of texts."""

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Shape (texts, labels)."""
        ...

    def save(self, path: Path) -> None:
        """Write the model to one file."""
        ...


_TextModel = TypeVar("_TextModel", bound=TextModel)
_Label = TypeVar("_Label")


def check_text_model(
    fit: Callable[[Sequence[str], Sequence[_Label]], _TextModel],
    load: Callable[[Path], _TextModel],
    texts: Sequence[str],
    labels: Sequence[_Label],
    folder: Path,
) -> None:
    """Honest probabilities, seeded, serialisable, row order irrelevant.

    Args:
        fit: fits on texts and their labels.
        load: reads a saved model.
        texts: enough to learn from.
        labels: one a text.
        folder: an empty folder to save in.

    Raises:
        AssertionError: naming the contract that is broken.
    """
    model = fit(texts, labels)
    told = model.probabilities(texts)
    _require(bool(np.isfinite(told).all() and (told >= 0).all()), "a probability is no number")
    _require(bool(np.allclose(told.sum(axis=1), 1.0)), "a text's probabilities do not sum to 1")
    saved, again = folder / "saved", folder / "saved-again"
    model.save(saved)
    _turned(fit, texts, labels).save(again)
    _require(saved.read_bytes() == again.read_bytes(), "the order of the texts gave another model")
    loaded = load(saved)
    _require(bool((told == loaded.probabilities(texts)).all()), "saving and loading changed it")
    loaded.save(again)
    _require(saved.read_bytes() == again.read_bytes(), "saving what was loaded gave other bytes")
    alone = np.concatenate([model.probabilities([text]) for text in texts])
    _require(bool(np.allclose(told, alone)), "a text's probabilities depend on the other texts")


def _turned(
    fit: Callable[[Sequence[str], Sequence[_Label]], _TextModel],
    texts: Sequence[str],
    labels: Sequence[_Label],
) -> _TextModel:
    order = np.random.default_rng(1).permutation(len(texts))
    return fit([texts[i] for i in order], [labels[i] for i in order])


def check_probabilities(scores: pa.Table) -> None:
    """Schema, order, range, growth with the horizon, and a sum of at most 1."""
    _require(scores.schema.equals(score_schema()), f"not the schema of scores: {scores.schema}")
    order = [("deal_id", "ascending"), ("at", "ascending")]
    _require(scores.equals(scores.sort_by(order)), "scores are not sorted by deal_id and at")
    pages = [
        np.column_stack([scores[incidence_column(outcome, h)] for h in HORIZONS_DAYS])
        for outcome in Outcome
    ]
    incidence = np.stack(pages)
    _require(bool(np.isfinite(incidence).all()), "a probability is not a number")
    _require(bool((incidence >= 0).all()), "a probability is below 0")
    _require(bool((np.diff(incidence, axis=2) >= 0).all()), "a probability falls with the horizon")
    _require(
        bool((incidence.sum(axis=0) <= 1).all()), "the outcomes' probabilities sum to more than 1"
    )


def check_seeded(fit: Fit, log: EventLog, predictor: Predictor, folder: Path) -> None:
    """The same log and seed give the same file, byte for byte."""
    first, second = folder / "seeded-1", folder / "seeded-2"
    predictor.save(first)
    fit(log, 0).save(second)
    _require(first.read_bytes() == second.read_bytes(), "the same seed gave another model")


def check_serialisable(
    load: Load, log: EventLog, snapshots: ir.Table, predictor: Predictor, folder: Path
) -> None:
    """A saved and loaded predictor gives the same scores, and saves the same bytes again."""
    path, again = folder / "saved", folder / "saved-again"
    predictor.save(path)
    loaded = load(path)
    before, after = predictor.score(log, snapshots), loaded.score(log, snapshots)
    _require(before.equals(after), "scores changed by saving and loading")
    loaded.save(again)
    _require(path.read_bytes() == again.read_bytes(), "saving what was loaded gave other bytes")


def check_row_order(fit: Fit, log: EventLog, snapshots: ir.Table, scores: pa.Table) -> None:
    """The order of events, deals and snapshots carries no meaning."""
    mixed = shuffled(log, seed=1)
    turned = ibis.memtable(_shuffle(snapshots.to_pyarrow(), 2))
    again = fit(mixed, 0).score(mixed, turned)
    _require(close(scores, again), "scores depend on the order of rows")


def check_no_look_ahead(predictor: Predictor, log: EventLog, snapshots: ir.Table) -> None:
    """A snapshot's score is the same whether or not the future after it is there."""
    table = snapshots.to_pyarrow()
    moment: datetime = np.sort(table["at"].to_pylist())[len(table) // 2]
    past = snapshots.filter(snapshots.at <= moment)
    known = predictor.score(log.until(moment + timedelta(microseconds=1)), past)
    with_future = predictor.score(log, past)
    _require(close(known, with_future), "a score uses what happened after its snapshot")


def _require(holds: bool, message: str) -> None:
    if not holds:  # not ``assert``: the checks must also hold under ``python -O``
        raise AssertionError(message)


def shuffled(log: EventLog, seed: int) -> EventLog:
    """The same log with its events and deals in another order, on a DuckDB of its own."""
    con = ibis.duckdb.connect()
    events = con.create_table("events", _shuffle(log.events.to_pyarrow(), seed))
    deals = con.create_table("deals", _shuffle(log.deals.to_pyarrow(), seed + 1))
    return replace(log, events=events, deals=deals)


def _shuffle(table: pa.Table, seed: int) -> pa.Table:
    return table.take(pa.array(np.random.default_rng(seed).permutation(len(table))))


def close(one: pa.Table, other: pa.Table) -> bool:
    """Whether two score tables have the same keys and, but for rounding, the same numbers."""
    if not one.select(["deal_id", "at"]).equals(other.select(["deal_id", "at"])):
        return False
    names = score_schema().names[2:]
    return all(
        np.allclose(one[name], other[name], rtol=_TOLERANCE, atol=_TOLERANCE) for name in names
    )
