"""Thresholds from an organisation's own history, pooled with the shipped ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog, Outcome
from tsunagu.analytics.detection.arrays import Bools, Floats, Ints
from tsunagu.analytics.detection.detecting import View, look
from tsunagu.analytics.detection.observing import Facts
from tsunagu.analytics.detection.thresholds import Threshold, Thresholds
from tsunagu.analytics.detection.usual import learn_usual
from tsunagu.analytics.features.clock import DAY, in_micros, micros
from tsunagu.analytics.features.snapshots import weekly

WARNING_DAYS = 30.0
"""A signal was right if its deal broke off within so many days,"""

LEAD_DAYS = 7.0
"""and in time if so many were left: what is surest is often known too late to do anything."""

MOST_NEW, LEAST_NEW = 5.0, 1.0
"""New signals of one kind per 100 open deals and week: what people can look at, and what they want
to see at least, so that the best cut is not one that speaks once a year."""

PRIOR_SIGNALS = 20.0
"""The base rate counts as so many signals of each cut, so that few lucky ones do not win."""

PRIOR_HITS = 10.0
"""The shipped cut is worth so many right signals."""

MOST_DEALS = 20_000
_CANDIDATES = np.linspace(0.02, 0.98, 33)


def fit_thresholds(
    log: EventLog, until: datetime | None = None, *, scores: pa.Table | None = None
) -> Thresholds:
    """Learn what is usual, and each kind's cut, from ``log`` as it stood at ``until``.

    Over weekly looks a kind's cut is the one whose new signals were most often right in time
    (:data:`WARNING_DAYS`, :data:`LEAD_DAYS`), among cuts that raise between :data:`LEAST_NEW` and
    :data:`MOST_NEW` of them per 100 open deals and week.  With ``h`` of them right in time it
    counts ``h / (h + PRIOR_HITS)``, the shipped cut the rest, on a logarithmic scale.

    Args:
        log: at most :data:`MOST_DEALS` of its deals are used, evenly over their ids.
        until: default: ``log.observed_until``.
        scores: break risks that were known at the time (out of sample), for the kinds of risk.
    """
    known = log if until is None else log.until(until)
    shipped = Thresholds.shipped()
    limits = replace(shipped, usual=learn_usual(known, shipped.usual))
    some = _sampled(known)
    views = list(look(some, weekly(some), limits, scores=scores))
    history = _History.of(some, views[0].facts)
    if not history.known.any():
        return limits
    return replace(limits, kinds={view.kind: _fitted(view, history) for view in views})


@dataclass(frozen=True)
class _History:
    """What became of n looks.

    Attributes:
        deal: (n,) codes, in order.
        broke: (n,) whether the deal broke off within :data:`WARNING_DAYS`, and not within
            :data:`LEAD_DAYS` already.
        known: (n,) whether that is known.
    """

    deal: Ints
    broke: Bools
    known: Bools

    @classmethod
    def of(cls, log: EventLog, facts: Facts) -> _History:
        ends = log.outcomes()
        table = ends.select("deal_id", "outcome", ended=micros(ends.ended_at)).to_pyarrow()
        ids = facts.keys["deal_id"].combine_chunks()
        place = pc.index_in(ids, value_set=table["deal_id"].combine_chunks())
        ended = table["ended"].cast(pa.float64()).combine_chunks().take(place)
        end: Floats = ended.to_numpy(zero_copy_only=False).astype(np.float64)
        outcome = table["outcome"].combine_chunks().take(place)
        left = end - facts.look
        soon = left <= WARNING_DAYS * DAY
        broken = pc.equal(outcome, Outcome.BROKEN_OFF.value).fill_null(False)
        followed = in_micros(log.observed_until) - facts.look >= WARNING_DAYS * DAY
        codes = ids.dictionary_encode().indices.to_numpy().astype(np.int64)
        in_time = soon & (left >= LEAD_DAYS * DAY)
        return cls(codes, in_time & broken.to_numpy(zero_copy_only=False), followed | soon)

    def new(self, raised: Bools, at: Floats) -> Bools:
        """(n,) raised looks before which the deal's last look did not raise the same signal."""
        same = np.zeros(len(raised), dtype=bool)
        same[1:] = (self.deal[1:] == self.deal[:-1]) & (at[1:] == at[:-1]) & raised[:-1]
        return raised & ~same


def _fitted(view: View, history: _History) -> Threshold:
    measure = view.found.measure
    usable = view.applies & history.known
    if not usable.any():
        return view.threshold
    base = history.broke[history.known].mean()
    candidates = np.unique(np.quantile(measure[usable], _CANDIDATES))
    tried = [_Try.of(cut, view, history, base) for cut in candidates]
    allowed = [t for t in tried if t.per_hundred <= MOST_NEW] or tried[-1:]
    enough = [t for t in allowed if t.per_hundred >= LEAST_NEW]
    best = max(enough or allowed[:1], key=lambda t: t.precision)
    weight = best.hits / (best.hits + PRIOR_HITS)
    cut = weight * np.log(best.cut) + (1 - weight) * np.log(view.threshold.cut)
    return replace(view.threshold, cut=float(np.exp(cut)))


@dataclass(frozen=True)
class _Try:
    cut: float
    per_hundred: float
    hits: int
    precision: float

    @classmethod
    def of(cls, cut: float, view: View, history: _History, base: float) -> _Try:
        raised = view.applies & (view.found.measure >= cut)
        at = view.since(np.full(len(raised), cut))
        new = history.new(raised, at) & history.known
        count, hits = int(new.sum()), int((new & history.broke).sum())
        precision = (hits + base * PRIOR_SIGNALS) / (count + PRIOR_SIGNALS)
        return cls(float(cut), 100 * count / history.known.sum(), hits, float(precision))


def _sampled(log: EventLog) -> EventLog:
    """At most :data:`MOST_DEALS` deals, evenly over their ids."""
    every = log.deals.count().to_pyarrow().as_py() // MOST_DEALS + 1
    if every == 1:
        return log
    numbered = log.deals.mutate(place=ibis.row_number().over(order_by=log.deals.deal_id))
    deals = numbered.filter(numbered.place % every == 0).drop("place")
    return replace(log, deals=deals, events=log.events.semi_join(deals, "deal_id"))
