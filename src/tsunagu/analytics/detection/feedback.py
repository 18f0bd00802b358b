"""What people's decisions teach: how often each kind is right, and where its cut should stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import exp

from tsunagu.analytics.contracts import SignalKind
from tsunagu.analytics.detection.thresholds import Thresholds
from tsunagu.analytics.intervals import wilson

WANTED_PRECISION = 0.3
"""Three of ten suspected cases confirmed: fewer tire people, more mean that cases are missed."""

PRIOR_DECISIONS = 10.0
"""Few decisions move a cut little: n of them count n / (n + PRIOR_DECISIONS)."""

FURTHEST = 2.0
"""Decisions move a cut at most to its double or its half."""


@dataclass(frozen=True)
class Decision:
    """A person's word on a suspected interruption, for one of the kinds of signal it stood on."""

    kind: SignalKind
    confirmed: bool
    process: str | None = None


@dataclass(frozen=True)
class Precision:
    """How often a kind's signals were confirmed, with its 95% interval.

    Attributes:
        decisions: how many there were.
        confirmed: of these.
        value: the share.
        low, high: Wilson's score interval.
    """

    decisions: int
    confirmed: int
    value: float
    low: float
    high: float


def precision_by_kind(decisions: Iterable[Decision]) -> dict[SignalKind, Precision]:
    """The precision of each kind that was decided on."""
    return {kind: _precision(*counts) for kind, counts in _tally(decisions).items()}


def learn_from_dismissals(
    thresholds: Thresholds, decisions: Iterable[Decision], *, wanted: float = WANTED_PRECISION
) -> Thresholds:
    """Raise the cuts of kinds that are often dismissed, lower those of kinds that are often right.

    A cut is multiplied by ``exp(w * (wanted - p) / wanted * ln 2)`` with ``p`` the share confirmed
    and ``w = n / (n + PRIOR_DECISIONS)``, at most by :data:`FURTHEST` either way; so a kind that is
    always dismissed goes to its double.  The answer follows from ``thresholds`` and all decisions
    together: start from the fitted ones each time, not from the last answer.  Decisions about a
    process whose cut was set by hand move that cut alone.

    Args:
        thresholds: the fitted or shipped ones.
        decisions: all so far, in any order.
        wanted: the share confirmed at which a cut stays, above 0 and below 1.
    """
    decided = list(decisions)
    own = {(p, kind) for p, cuts in thresholds.processes.items() for kind in cuts}
    general = [d for d in decided if (d.process, d.kind) not in own]
    kinds = dict(thresholds.kinds)
    for kind, (count, confirmed) in _tally(general).items():
        factor = _factor(count, confirmed, wanted)
        kinds[kind] = replace(kinds[kind], cut=kinds[kind].cut * factor)
    processes = {
        name: _taught(cuts, [d for d in decided if d.process == name], wanted)
        for name, cuts in thresholds.processes.items()
    }
    return replace(thresholds, kinds=kinds, processes=processes)


def _taught(
    cuts: Mapping[SignalKind, float], decisions: list[Decision], wanted: float
) -> dict[SignalKind, float]:
    counts = _tally(decisions)
    return {
        kind: cut * (_factor(*counts[kind], wanted) if kind in counts else 1.0)
        for kind, cut in cuts.items()
    }


def _tally(decisions: Iterable[Decision]) -> dict[SignalKind, tuple[int, int]]:
    counts: dict[SignalKind, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for decision in decisions:
        count, confirmed = counts[decision.kind]
        counts[decision.kind] = (count + 1, confirmed + decision.confirmed)
    return dict(counts)


def _factor(count: int, confirmed: int, wanted: float) -> float:
    weight = count / (count + PRIOR_DECISIONS)
    short = (wanted - confirmed / count) / wanted
    factor = exp(weight * short * 0.6931471805599453)
    return min(max(factor, 1 / FURTHEST), FURTHEST)


def _precision(count: int, confirmed: int) -> Precision:
    return Precision(count, confirmed, confirmed / count, *wilson(confirmed, count))
