"""What is usual in an organisation: its records, its stages' durations, its customers' rhythm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog, Kind, Outcome
from tsunagu.analytics.detection.arrays import Bools, Floats, Ints
from tsunagu.analytics.detection.rhythm import SHORTEST_DAYS, Rhythm, StageGaps, fit_rhythm
from tsunagu.analytics.detection.workdays import Workdays
from tsunagu.analytics.features.clock import DAY, in_micros, micros
from tsunagu.analytics.features.learned import learn

PRIOR_STAYS = 10.0
"""The shipped days in a stage are worth as much as so many won deals' stays."""

_TOPS = (5.0, 10.0, 100.0)


@dataclass(frozen=True)
class Usual:
    """Learned from one log, or shipped.

    Attributes:
        records: kinds of events that the organisation records; None: not known, so all of them.
        stages: names in the order of the process.
        rhythm: of the customers' words.
        stage_days: by stage, the median stay of won deals in days, pooled with the shipped days.
        early_days, late_days: the shipped days of the first and second half of the process.
        survey_top: the best score of a survey.
    """

    records: frozenset[str] | None
    stages: tuple[str, ...]
    rhythm: Rhythm
    stage_days: Mapping[str, float]
    early_days: float
    late_days: float
    survey_top: float

    def keeps(self, kinds: frozenset[Kind]) -> bool:
        """Whether any of ``kinds`` is recorded at all; what is never recorded is never missing."""
        return self.records is None or any(kind.value in self.records for kind in kinds)

    def days_in(self, stages: pa.Array, order: tuple[str, ...]) -> Floats:
        """(n,) usual days in each stage; without a stage, those of the first half."""
        late = order[(len(order) + 1) // 2 :]
        days = dict.fromkeys(order, self.early_days) | dict.fromkeys(late, self.late_days)
        days |= self.stage_days
        return np.array([days.get(name, self.early_days) for name in stages.to_pylist()])

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        records = None if self.records is None else sorted(self.records)
        known = {"records": records, "rhythm": self.rhythm.to_dict()}
        return {**vars(self), **known, "stage_days": dict(self.stage_days)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Usual:
        """The inverse of :meth:`to_dict`."""
        records = None if data["records"] is None else frozenset(data["records"])
        known = {"records": records, "rhythm": Rhythm.from_dict(data["rhythm"])}
        return cls(**{**data, **known, "stages": tuple(data["stages"])})


def learn_usual(log: EventLog, shipped: Usual) -> Usual:
    """What is usual in ``log``, pooled with what is shipped; nothing after its end is used."""
    learned = learn(log)
    order = learned.stages
    words = _words(log)
    return replace(
        shipped,
        records=frozenset(learned.kinds),
        stages=order,
        rhythm=_rhythm(log, words, shipped.rhythm),
        stage_days=_stage_days(words, replace(shipped, stages=order)),
        survey_top=_top(log, shipped.survey_top),
    )


def _words(log: EventLog) -> pa.Table:
    """``deal_id, at, inbound, stage, outcome`` of customers' words, stages and ends, in order."""
    events = log.events.filter(log.events["at"] <= log.observed_until)
    inbound = events.direction.isin(["in", "both"]).fill_null(False)
    staged = (events.kind == Kind.STAGE.value) & events.value.notnull()
    ended = events.kind == Kind.OUTCOME.value
    rows = events.filter(inbound | staged | ended).select(
        "deal_id",
        at=micros(events["at"]),
        inbound=inbound,
        stage=ibis.ifelse(events.kind == Kind.STAGE.value, events.value, ibis.null("string")),
        outcome=ibis.ifelse(events.kind == Kind.OUTCOME.value, events.value, ibis.null("string")),
    )
    return (
        rows.to_pyarrow().combine_chunks().sort_by([("deal_id", "ascending"), ("at", "ascending")])
    )


@dataclass(frozen=True)
class _Rows:
    """The words as arrays, (n,) each; ``stage`` is the one the deal is in, as a code."""

    deal: Ints
    at: Floats
    inbound: Bools
    stage: Ints
    names: tuple[str, ...]
    moved: Bools
    outcome: pa.Array


def _rows(words: pa.Table) -> _Rows:
    deal = words["deal_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    stages = words["stage"].combine_chunks().dictionary_encode()
    codes = stages.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    place = np.arange(len(deal))
    last = np.maximum.accumulate(np.where(codes >= 0, place, -1))
    first = np.searchsorted(deal, deal)
    current = np.where(last >= first, codes[np.maximum(last, 0)], -1)
    before = np.where(place > first, np.roll(current, 1), -1) if len(deal) else current
    return _Rows(
        deal=deal.astype(np.int64),
        at=words["at"].to_numpy().astype(np.float64),
        inbound=words["inbound"].to_numpy(zero_copy_only=False).astype(bool),
        stage=current,
        names=tuple(stages.dictionary.to_pylist()),
        moved=(codes >= 0) & (codes != before),
        outcome=words["outcome"].combine_chunks(),
    )


def _rhythm(log: EventLog, words: pa.Table, shipped: Rhythm) -> Rhythm:
    if not len(words):
        return shipped
    rows = _rows(words)
    deal, stage = (column[rows.inbound] for column in (rows.deal, rows.stage))
    at = rows.at[rows.inbound]
    if len(deal) < 2:
        return shipped
    workdays = Workdays.spanning(log.time_zone, at.min(), in_micros(log.observed_until))
    day = workdays.day(at)
    fresh = np.append(True, (deal[1:] != deal[:-1]) | (day[1:] != day[:-1]))
    deal, day, stage = deal[fresh], day[fresh], stage[fresh]
    same = deal[1:] == deal[:-1]
    gap = workdays.between_days(day[:-1], day[1:])[same]
    ending = stage[1:][same]
    known = ending >= 0
    size = len(rows.names)
    by_stage = StageGaps(
        rows.names,
        np.bincount(ending[known], minlength=size).astype(np.int64),
        np.bincount(ending[known], gap[known], minlength=size).astype(np.float64),
    )
    return fit_rhythm(shipped, _by_deal(deal[1:][same], gap), by_stage)


def _by_deal(deal: Ints, gap: Floats) -> tuple[Floats, Floats]:
    which, place = np.unique(deal, return_inverse=True)
    gaps = np.bincount(place, minlength=len(which)).astype(np.float64)
    days = np.bincount(place, gap, minlength=len(which)) if len(which) else np.zeros(0)
    return gaps, np.maximum(days, gaps * SHORTEST_DAYS)


def _stage_days(words: pa.Table, shipped: Usual) -> dict[str, float]:
    """Medians of won deals' completed stays, pooled with the shipped days on a log scale."""
    if not len(words):
        return {}
    rows = _rows(words)
    won = np.asarray(pa.compute.equal(rows.outcome, Outcome.WON.value).fill_null(False))
    deals_won = np.isin(rows.deal, rows.deal[won])
    ends = pa.compute.is_valid(rows.outcome).to_numpy(zero_copy_only=False)
    points = np.flatnonzero(deals_won & (rows.moved | ends))
    begins, stops = points[:-1], points[1:]
    paired = (rows.deal[begins] == rows.deal[stops]) & rows.moved[begins]
    begins, stops = begins[paired], stops[paired]
    days = (rows.at[stops] - rows.at[begins]) / DAY
    names = pa.array([rows.names[code] for code in np.unique(rows.stage[begins])], pa.string())
    usual = shipped.days_in(names, shipped.stages)
    found = {}
    for code, default in zip(np.unique(rows.stage[begins]), usual, strict=True):
        stays = days[rows.stage[begins] == code]
        found[rows.names[code]] = _pooled_median(stays, float(default))
    return found


def _pooled_median(stays: Floats, default: float) -> float:
    weight = len(stays) / (len(stays) + PRIOR_STAYS)
    own = max(float(np.median(stays)), 0.5)
    return float(np.exp(weight * np.log(own) + (1 - weight) * np.log(default)))


def _top(log: EventLog, shipped: float) -> float:
    """The smallest usual scale that holds every score."""
    scores = log.events.filter(log.events.kind == Kind.SURVEY.value).amount.max()
    best = scores.to_pyarrow().as_py()
    return shipped if best is None else next((top for top in _TOPS if best <= top), float(best))
