"""Plain statistics as a baseline of probabilities: how often it happened before."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import (
    HORIZONS_DAYS,
    EventLog,
    Outcome,
    incidence_column,
    score_schema,
)
from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers, ratio, totals
from tsunagu.analytics.evaluation.baselines.facts import NO_STAGE, FactReader, Facts
from tsunagu.analytics.evaluation.baselines.training import WARNING_DAYS, training_of
from tsunagu.analytics.evaluation.labels import EVENT_CODES, Labels, in_order

PSEUDO_LANDMARKS = 20.0
"""A cell counts beside this many landmarks of the overall rate: small cells borrow from it."""
BINS = 10


def aalen_johansen(days: Floats, event: Integers) -> Floats:
    """Cumulative incidence of each outcome at each horizon: ``(len(Outcome), len(HORIZONS_DAYS))``.

    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5.  Ends come before censorings
    of the same time.

    Args:
        days: (n,) from the landmark to the end or to the censoring.
        event: (n,) codes of ``labels.EVENT_CODES``, or ``labels.CENSORED``.
    """
    times, place = np.unique(days, return_inverse=True)
    everyone = np.bincount(place, minlength=len(times)).astype(np.float64)
    at_risk = np.cumsum(everyone[::-1])[::-1]
    ends = [totals(place, event == EVENT_CODES[o], len(times)) for o in Outcome]
    ended = sum(ends, np.zeros(len(times)))
    alive = np.cumprod(1.0 - ratio(ended, at_risk, empty=0.0))
    before = np.concatenate([[1.0], alive[:-1]])
    incidence = np.cumsum([before * ratio(e, at_risk, empty=0.0) for e in ends], axis=1)
    reached = np.searchsorted(times, HORIZONS_DAYS, side="right")
    return np.column_stack([np.zeros(len(ends)), incidence])[:, reached]


@dataclass(frozen=True)
class Cells:
    """Cells of stage and days in stage.

    Attributes:
        edges: by number of the stage, the inner edges (at most nine) of its deciles.
    """

    edges: dict[int, Floats]

    @classmethod
    def of(cls, facts: Facts) -> Cells:
        """Deciles of the landmarks' days in each stage; equal edges fall together."""
        inner = np.linspace(0, 1, BINS + 1)[1:-1]
        stages = np.unique(facts.stage)
        spans = {int(s): facts.days_in_stage[facts.stage == s] for s in stages}
        return cls({s: np.unique(np.quantile(days, inner)) for s, days in spans.items()})

    def number(self, facts: Facts) -> Integers:
        """(n,) number of the cell; a stage that training did not know counts as none."""
        cell = (facts.stage - NO_STAGE) * BINS
        for stage, edges in self.edges.items():
            here = facts.stage == stage
            cell[here] += np.searchsorted(edges, facts.days_in_stage[here], side="right")
        return cell


@dataclass(frozen=True)
class FittedRates:
    """Incidences by cell: a table looked up, whatever else is known of a deal.

    Attributes:
        reader: reads the facts.
        cells: which cell a landmark is in.
        incidence: by number of the cell, ``(len(Outcome), len(HORIZONS_DAYS))``.
        overall: of all landmarks, for cells without.
    """

    reader: FactReader
    cells: Cells
    incidence: dict[int, Floats]
    overall: Floats

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``score``: the probability of breaking off within 30 days."""
        return _ranked(self.score(log, snapshots))

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """The incidences of each snapshot's cell."""
        facts = self.reader.read(log, snapshots)
        found, place = np.unique(self.cells.number(facts), return_inverse=True)
        rates = np.stack([self.incidence.get(int(n), self.overall) for n in found])
        return _table(facts.keys, rates[place])


@dataclass(frozen=True)
class FittedBaseRate:
    """One table of incidences for every deal."""

    overall: Floats

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``score``: the same for all."""
        return _ranked(self.score(log, snapshots))

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:  # noqa: ARG002 - same for all
        """The overall incidences."""
        keys = in_order(snapshots.select("deal_id", "at").to_pyarrow())
        return _table(keys, np.broadcast_to(self.overall, (len(keys), *self.overall.shape)))


def _ranked(scores: pa.Table) -> pa.Table:
    column = scores[incidence_column(Outcome.BROKEN_OFF, WARNING_DAYS)]
    return scores.select(["deal_id", "at"]).append_column("score", column)


def _table(keys: pa.Table, rates: Floats) -> pa.Table:
    """A score table from ``(n, len(Outcome), len(HORIZONS_DAYS))`` incidences."""
    columns = {name: keys[name] for name in ("deal_id", "at")}
    for i, outcome in enumerate(Outcome):
        for j, horizon in enumerate(HORIZONS_DAYS):
            columns[incidence_column(outcome, horizon)] = pa.array(rates[:, i, j].copy())
    return pa.table(columns).select(score_schema().names).cast(score_schema())


@dataclass(frozen=True)
class BaseRate:
    """The same probabilities for every deal: the overall cumulative incidence."""

    name: str = "base_rate"

    def fit(self, log: EventLog, *, seed: int) -> FittedBaseRate:  # noqa: ARG002 - nothing random
        """Estimate it on weekly landmarks.

        Raises:
            NotEnoughHistoryError: if there are none.
        """
        labels = training_of(log).labels
        return FittedBaseRate(aalen_johansen(labels.days, labels.event))


@dataclass(frozen=True)
class StageRate:
    """Probabilities by stage and decile of days in it, small cells drawn to the overall rate."""

    name: str = "stage_rate"

    def fit(self, log: EventLog, *, seed: int) -> FittedRates:  # noqa: ARG002 - nothing random
        """Estimate them on weekly landmarks.

        Raises:
            NotEnoughHistoryError: if there are none.
        """
        training = training_of(log)
        labels = training.labels
        overall = aalen_johansen(labels.days, labels.event)
        cells = Cells.of(training.facts)
        number = cells.number(training.facts)
        rates = {int(n): _pooled(labels, number == n, overall) for n in np.unique(number)}
        return FittedRates(training.reader, cells, rates, overall)


def _pooled(labels: Labels, here: Flags, overall: Floats) -> Floats:
    own = aalen_johansen(labels.days[here], labels.event[here])
    share = here.sum() / (here.sum() + PSEUDO_LANDMARKS)
    return np.asarray(share * own + (1 - share) * overall)
