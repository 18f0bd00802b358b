"""Contract checks that every predictor and detector passes: seeded, serialisable, row order
irrelevant, no look into the future, and honest numbers.

For the project's own tests and for those who write one of their own::

    from tsunagu.analytics import testing
    testing.check_predictor(fit, load, log, snapshots, folder)
    testing.check_detector(find, log, snapshots)

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
import pyarrow.compute as pc

from tsunagu.analytics.contracts import (
    HORIZONS_DAYS,
    EventLog,
    Outcome,
    SignalKind,
    incidence_column,
    score_schema,
    signal_schema,
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


Find = Callable[[EventLog, ir.Table], pa.Table]
"""Finds signals as of snapshots, as :func:`detection.detect_over` does."""


def check_detector(
    find: Find, log: EventLog, snapshots: ir.Table, reloaded: Find | None = None
) -> None:
    """Run every check.

    Args:
        find: the detector, its thresholds bound.
        log: a log in which it finds something.
        snapshots: ``deal_id, at`` of open deals.
        reloaded: the same, its thresholds written to JSON and read again.

    Raises:
        AssertionError: naming the contract that is broken.
    """
    found = find(log, snapshots)
    check_signals(found)
    _require(found.equals(find(log, snapshots)), "the same log gave other signals")
    if reloaded is not None:
        same = found.equals(reloaded(log, snapshots))
        _require(same, "signals changed by saving and loading the thresholds")
    mixed = shuffled(log, seed=1)
    turned = ibis.memtable(_shuffle(snapshots.to_pyarrow(), 2))
    _require(_alike(found, find(mixed, turned)), "signals depend on the order of rows")
    check_no_foresight(find, log, snapshots)
    check_deal_alone(find, log, snapshots, found)


def check_signals(signals: pa.Table) -> None:
    """Schema, order, known kinds, strengths above 0 and at most 1, facts not after the look."""
    _require(signals.schema.equals(signal_schema()), f"not the schema of signals: {signals.schema}")
    order = [(name, "ascending") for name in ("deal_id", "as_of", "kind")]
    _require(
        signals.equals(signals.sort_by(order)), "signals are not sorted by deal, time and kind"
    )
    known = {kind.value for kind in SignalKind}
    _require(set(signals["kind"].to_pylist()) <= known, "a signal's kind is not known")
    strength = signals["strength"].to_numpy()
    _require(bool(((strength > 0) & (strength <= 1)).all()), "a strength is not in (0, 1]")
    at, look = (signals[name].cast(pa.int64()).to_numpy() for name in ("at", "as_of"))
    _require(bool((at <= look).all()), "a signal dates from after its look")


def check_no_foresight(find: Find, log: EventLog, snapshots: ir.Table) -> None:
    """A snapshot's signals are the same whether or not the future after it is there."""
    table = snapshots.to_pyarrow()
    moment: datetime = np.sort(table["at"].to_pylist())[len(table) // 2]
    past = snapshots.filter(snapshots.at <= moment)
    known = log.until(moment)
    _require(_alike(find(known, past), find(log, past)), "a signal uses what happened after it")


def check_deal_alone(find: Find, log: EventLog, snapshots: ir.Table, signals: pa.Table) -> None:
    """A deal's signals are the same when its log holds no other deal."""
    for deal in sorted(set(signals["deal_id"].to_pylist()))[:3]:
        alone = replace(
            log,
            events=log.events.filter(log.events.deal_id == deal),
            deals=log.deals.filter(log.deals.deal_id == deal),
        )
        found = find(alone, snapshots.filter(snapshots.deal_id == deal))
        own = signals.filter(pc.equal(signals["deal_id"], deal))
        _require(_alike(own, found), "a deal's signals depend on other deals")


def _alike(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables of signals are the same, but for rounding of numbers."""
    numbers = [f.name for f in signal_schema() if pa.types.is_floating(f.type)]
    if not one.drop_columns(numbers).equals(other.drop_columns(numbers)):
        return False
    pairs = ((_plain(one[name]), _plain(other[name])) for name in numbers)
    return all(np.allclose(*pair, rtol=_TOLERANCE, equal_nan=True) for pair in pairs)


def _plain(column: pa.ChunkedArray) -> np.ndarray:
    values: np.ndarray = column.fill_null(float("nan")).to_numpy()
    return values


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


class Effects(Protocol):
    """What is known about the effects of plays."""

    def save(self, path: Path) -> None:
        """Write them to one file."""
        ...


_Effects = TypeVar("_Effects", bound=Effects)


def check_play_effects(
    fit: Callable[[pa.Table, datetime], _Effects],
    load: Callable[[Path], _Effects],
    cases: pa.Table,
    until: datetime,
    folder: Path,
) -> None:
    """Seeded, serialisable, row order irrelevant, no look into the future.

    Args:
        fit: fits on cases (:func:`plays.case_schema`) as known until an instant.
        load: reads what was saved.
        cases: some begun well before ``until``, some after it.
        until: aware.
        folder: an empty folder to save in.

    Raises:
        AssertionError: naming the contract that is broken.
    """
    saved, again = folder / "saved", folder / "saved-again"
    fit(cases, until).save(saved)

    def same(effects: Effects, message: str) -> None:
        effects.save(again)
        _require(saved.read_bytes() == again.read_bytes(), message)

    same(fit(cases, until), "the same cases gave other effects")
    same(load(saved), "saving what was loaded gave other bytes")
    same(fit(_shuffle(cases, 1), until), "the order of the cases gave other effects")
    same(fit(_as_known(cases, until), until), "effects use what happened later")


def _as_known(cases: pa.Table, until: datetime) -> pa.Table:
    """Without cases begun and sales resumed after ``until``."""
    moment = pa.scalar(until, cases.schema.field("began_at").type)
    begun = cases.filter(pc.less_equal(cases["began_at"], moment))
    back = begun["resumed_at"]
    later = pc.greater(back, moment).fill_null(False)
    place = begun.column_names.index("resumed_at")
    hidden = pc.if_else(later, pa.scalar(None, back.type), back)
    return begun.set_column(place, begun.schema.field("resumed_at"), hidden)


_OutcomeModel = TypeVar("_OutcomeModel", bound=Predictor)


def check_outcome_model(
    fit: Callable[[EventLog, int], _OutcomeModel],
    load: Callable[[Path], _OutcomeModel],
    log: EventLog,
    moments: ir.Table,
    folder: Path,
) -> None:
    """Honest probabilities, seeded, serialisable, row order irrelevant, no look into the future.

    Args:
        fit: fits on a log under a seed.
        load: reads a saved model.
        log: a log with enough decided deals to learn from.
        moments: ``deal_id, at`` within the log.
        folder: an empty folder to save in.

    Raises:
        AssertionError: naming the contract that is broken.
    """
    model = fit(log, 0)
    told = model.score(log, moments)
    _check_answers(told)
    check_seeded(fit, log, model, folder)
    check_serialisable(load, log, moments, model, folder)
    mixed = shuffled(log, seed=1)
    turned = ibis.memtable(_shuffle(moments.to_pyarrow(), 2))
    again = fit(mixed, 0).score(mixed, turned)
    _require(_near(told, again), "probabilities depend on the order of rows")
    moment: datetime = np.sort(told["at"].to_pylist())[len(told) // 2]
    past = moments.filter(moments.at <= moment)
    known = model.score(log.until(moment), past)
    _require(_near(known, model.score(log, past)), "a probability uses what happened later")


def _check_answers(told: pa.Table) -> None:
    order = [("deal_id", "ascending"), ("at", "ascending")]
    _require(told.equals(told.sort_by(order)), "rows are not sorted by deal_id and at")
    pages = np.column_stack([told[name].to_numpy() for name in told.column_names[2:]])
    _require(bool(np.isfinite(pages).all() and (pages >= 0).all()), "a probability is no number")
    _require(bool(np.allclose(pages.sum(axis=1), 1.0)), "the answers do not sum to 1")


def _near(one: pa.Table, other: pa.Table) -> bool:
    keys, names = ["deal_id", "at"], one.column_names[2:]
    same = one.select(keys).equals(other.select(keys)) and other.column_names[2:] == names
    return same and all(np.allclose(one[n], other[n], rtol=1e-6, atol=1e-9) for n in names)
