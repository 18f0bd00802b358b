"""Signals of open deals as of a time, and when to look next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EVENT_SCHEMA, EventLog, SignalKind, signal_schema
from tsunagu.analytics.detection import texts
from tsunagu.analytics.detection.arrays import Bools, Floats
from tsunagu.analytics.detection.detectors import DETECTORS, Found, Scene
from tsunagu.analytics.detection.observing import Facts, looks_of, observe, open_deals
from tsunagu.analytics.detection.risks import risks_at
from tsunagu.analytics.detection.texts import Spans
from tsunagu.analytics.detection.thresholds import Threshold, Thresholds
from tsunagu.analytics.features.clock import DAY, ORIGIN, in_micros

_EPOCH = int(ORIGIN.timestamp()) * 1_000_000
_INSTANT = EVENT_SCHEMA.field("at").type
_TOLERANCE = 1e-6
"""A measure reaches a cut if it is short of it by no more than rounding."""


def detect(
    log: EventLog,
    as_of: datetime | None = None,
    thresholds: Thresholds | None = None,
    *,
    scores: pa.Table | None = None,
) -> pa.Table:
    """The signals of every deal that is open at ``as_of``.

    Nothing later than ``as_of`` is used.  Works alike for the log of one deal and of 100,000.

    Args:
        log: any event log; hand in a filtered one to look at some deals only.
        as_of: default: ``log.observed_until``.
        thresholds: default: the shipped ones.
        scores: break risks (``contracts.score_schema``), today's and earlier; without them no
            signal speaks of risk.

    Returns:
        :func:`contracts.signal_schema`, sorted by deal and kind; :func:`signals` puts it in words.
    """
    limits = thresholds or Thresholds.shipped()
    return _together(views(log, _open(log, as_of), limits, scores=scores))


def detect_over(
    log: EventLog,
    snapshots: ir.Table,
    thresholds: Thresholds | None = None,
    *,
    scores: pa.Table | None = None,
) -> pa.Table:
    """The signals as of each snapshot, for back-tests.

    Args:
        log: any event log.
        snapshots: ``deal_id, at`` of open deals, on the log's backend.
        thresholds: default: the shipped ones; for an honest back-test fitted on earlier facts.
        scores: as for :func:`detect`; of each deal the latest at or before the snapshot is used.
    """
    limits = thresholds or Thresholds.shipped()
    return _together(look(log, snapshots, limits, scores=scores))


def next_look(
    log: EventLog,
    as_of: datetime | None = None,
    thresholds: Thresholds | None = None,
    *,
    scores: pa.Table | None = None,
) -> pa.Table:
    """When the mere passing of time could next raise a new signal: ``deal_id, next_look``.

    One row per deal open at ``as_of``, sorted; null where only an event can.  A new event makes the
    answer void: look then, and ask anew.
    """
    return look_once(log, as_of, thresholds, scores=scores)[1]


def look_once(
    log: EventLog,
    as_of: datetime | None = None,
    thresholds: Thresholds | None = None,
    *,
    scores: pa.Table | None = None,
) -> tuple[pa.Table, pa.Table]:
    """What :func:`detect` and :func:`next_look` say, for the price of one of them."""
    limits = thresholds or Thresholds.shipped()
    seen = list(views(log, _open(log, as_of), limits, scores=scores))
    facts = seen[0].facts
    times = [view.next_time() for view in seen]
    soonest = np.fmin.reduce([*times, np.full(len(facts), np.nan)])
    return _together(iter(seen)), facts.keys.append_column("next_look", instants(soonest))


@dataclass(frozen=True)
class View:
    """One kind's answer about the looks, with its threshold."""

    kind: SignalKind
    threshold: Threshold
    cuts: Floats
    found: Found
    facts: Facts

    @cached_property
    def at(self) -> Floats:
        """(n,) of the fact that the signal dates from."""
        return self.since(self.cuts)

    def since(self, cuts: Floats) -> Floats:
        """(n,) the same, were the cuts these."""
        since = self.found.since
        return self.found.at if since is None else since(cuts - _TOLERANCE)

    @cached_property
    def applies(self) -> Bools:
        """(n,) where there is something to measure that has not passed."""
        known: Bools = np.isfinite(self.found.measure) & np.isfinite(self.found.at)
        if self.threshold.lasts is not None:
            known &= self.facts.look - self.found.at <= self.threshold.lasts * DAY
        return known & (self.found.measure > 0)

    @cached_property
    def raised(self) -> Bools:
        """(n,) where the measure reaches the cut."""
        reached: Bools = self.found.measure >= self.cuts - _TOLERANCE
        return self.applies & reached

    @cached_property
    def strength(self) -> Floats:
        """(n,) 0 where there is nothing."""
        measure = np.where(self.applies, self.found.measure, 0.0)
        return self.threshold.strength(measure)

    def signals(self) -> pa.Table:
        """The raised ones as :func:`contracts.signal_schema`."""
        rows = np.flatnonzero(self.raised)
        place = pa.array(rows)
        columns: dict[str, Any] = {
            "deal_id": self.facts.keys["deal_id"].take(place),
            "as_of": instants(self.facts.look[rows]),
            "kind": pa.repeat(self.kind.value, len(rows)),
            "at": instants(self.at[rows]),
            "strength": self.strength[rows],
            "measure": self.found.measure[rows],
        }
        schema = signal_schema()
        for name in schema.names[len(columns) :]:
            columns[name] = _evidence(self.found.evidence.get(name), place, schema.field(name).type)
        return pa.table([columns[name] for name in schema.names], schema=schema)

    def next_time(self) -> Floats:
        """(n,) when this kind could raise a new signal by time alone; NaN: never."""
        times = np.full(len(self.facts), np.nan)
        if self.found.reaches is not None:
            reached = self.found.reaches(self.cuts - _TOLERANCE)
            times = np.where(self.raised, np.nan, reached)
        if self.found.shifts is not None:
            times = np.fmin(times, self.found.shifts)
        later: Floats = np.where(np.isnan(times), np.nan, np.maximum(times, self.facts.look + 1))
        return later


def look(
    log: EventLog, looks: ir.Table, thresholds: Thresholds, *, scores: pa.Table | None = None
) -> Iterator[View]:
    """Every detector's answer about ``looks`` (``deal_id, at``), in the order of the kinds."""
    return views(log, looks_of(looks), thresholds, scores=scores)


def views(
    log: EventLog, looks: pa.Table, thresholds: Thresholds, *, scores: pa.Table | None = None
) -> Iterator[View]:
    """Every detector's answer about ``looks`` (``deal_id, look``), in the order of the kinds.

    A kind whose records the organisation does not keep answers that there is nothing.
    """
    stages = _stages(log, thresholds)
    facts = observe(log, looks, stages)
    said = _said(log, facts)
    risks = risks_at(scores, facts.keys["deal_id"], facts.look)
    scene = Scene(facts, thresholds.usual, stages, said, risks)
    for detector in DETECTORS if len(facts) else ():
        kept = not detector.needs or thresholds.usual.keeps(detector.needs)
        found = detector.find(scene) if kept else _nothing(len(facts))
        cuts = thresholds.cuts(detector.kind, facts.processes)
        yield View(detector.kind, thresholds.kinds[detector.kind], cuts, found, facts)
    if not len(facts):
        yield from _of_nobody(thresholds, facts)


def _open(log: EventLog, as_of: datetime | None) -> pa.Table:
    moment = log.observed_until if as_of is None else min(as_of, log.observed_until)
    return open_deals(log, in_micros(moment))


def _together(seen: Iterator[View]) -> pa.Table:
    whole = pa.concat_tables([view.signals() for view in seen]).combine_chunks()
    return whole.sort_by([(n, "ascending") for n in ("deal_id", "as_of", "kind")])


def _of_nobody(thresholds: Thresholds, facts: Facts) -> Iterator[View]:
    for kind in SignalKind:
        yield View(kind, thresholds.kinds[kind], np.zeros(0), _nothing(0), facts)


def _nothing(size: int) -> Found:
    unknown = np.full(size, np.nan)
    return Found(unknown, unknown, {})


def _stages(log: EventLog, thresholds: Thresholds) -> tuple[str, ...]:
    """The process's own order, then stages that were met in the history."""
    return (*log.stages, *(s for s in thresholds.usual.stages if s not in log.stages))


def _said(log: EventLog, facts: Facts) -> Mapping[str, Spans]:
    if not len(facts):
        return {}
    since = facts.look.min() - texts.BEFORE_DAYS * DAY
    found = texts.mentions(log, facts.keys, since)
    deals = facts.keys["deal_id"].combine_chunks()
    return {topic: Spans(rows, deals, facts.look) for topic, rows in found.items()}


def instants(micros: Floats) -> pa.Array:
    """Microseconds since ``clock.ORIGIN`` as instants, null for NaN."""
    known = np.isfinite(micros)
    since_epoch = np.where(known, micros, 0).astype(np.int64) + _EPOCH
    return pa.array(since_epoch, pa.int64(), mask=~known).cast(_INSTANT)


def _evidence(column: object, place: pa.Array, kind: pa.DataType) -> pa.Array:
    if column is None:
        return pa.nulls(len(place), kind)
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        days = pa.array(column.astype("datetime64[D]")).take(place)
        return pc.cast(days, pa.string())
    values = pa.array(column, from_pandas=True) if isinstance(column, np.ndarray) else column
    return pc.cast(values, kind).take(place)
