"""Features fitted on one log and computed on another, as of each snapshot's time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.features import (
    attributes,
    calendar,
    commitments,
    contacts,
    owners,
    people,
    stages,
    steps,
)
from tsunagu.analytics.features.clock import instants
from tsunagu.analytics.features.facts import Plan, Source
from tsunagu.analytics.features.learned import Learned, learn
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.features.snapshots import current, weekly
from tsunagu.analytics.features.sorts import BASE_COUNTERS, KIND_COUNTERS, step_counter
from tsunagu.analytics.features.specs import Feature, FeatureSpec
from tsunagu.analytics.features.timeline import Bounds, Timeline

MOST_DEALS_TO_CHECK = 20_000
"""Constant columns are looked for in the snapshots of at most this many deals."""


@dataclass(frozen=True)
class FittedFeatures:
    """What was learned from a log, and the features chosen from it.

    Attributes:
        learned: words, orders and usual durations.
        names: the features, in the order of the columns.
    """

    learned: Learned
    names: tuple[str, ...]

    @property
    def specs(self) -> tuple[FeatureSpec, ...]:
        """The features' specs, in the order of :attr:`names`."""
        return tuple(feature.spec for feature in self._features())

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """For each categorical feature, the words that its codes 0, 1, ... stand for."""
        words = {"stage": self.learned.stages, "last_step": self.learned.steps}
        words |= {attributes.PREFIX + n: v for n, v in self.learned.levels.items()}
        return {spec.name: words[spec.name] for spec in self.specs if spec.categorical}

    def select(self, names: Iterable[str]) -> FittedFeatures:
        """The same, with only ``names``; only their share is computed.

        Raises:
            TsunaguError: if one of ``names`` is not a fitted feature.
        """
        chosen = tuple(names)
        unknown = [name for name in chosen if name not in self.names]
        if unknown:
            raise TsunaguError(
                f"No such feature: {', '.join(unknown)}.",
                remedy=f"Choose from: {', '.join(self.names)}.",
            )
        return FittedFeatures(self.learned, chosen)

    def transform(
        self,
        log: EventLog,
        snapshots: ir.Table,
        bounds: Bounds | None = None,
        load: ir.Table | None = None,
    ) -> ir.Table:
        """Compute the features of ``log`` as of each snapshot.

        Nothing that happened after a snapshot's ``at`` enters its row.

        Args:
            log: any event log, not only the fitted one.
            snapshots: ``deal_id, at``, on the same backend as the log.
            bounds: build the expressions for all data within these, without a look at the data.
            load: the owners' load (see ``batches``), where ``log`` does not hold all their deals.

        Returns:
            ``deal_id, at``, then :attr:`names`: float64 (null: unknown), categories int32
            (-1: unknown or other).  Row order means nothing.

        Raises:
            TsunaguError: if a snapshot's deal is not among the log's deals.
        """
        plan = self.plan
        timeline = plan.prepare(log, snapshots, self.learned.steps, bounds)
        timeline = replace(timeline, load=load)
        return self.read(plan.gather(timeline), timeline)

    @property
    def plan(self) -> Plan:
        """What has to be known for the features."""
        return Plan.of(self._features(), _sources(self.learned), _counters(self.learned))

    def read(self, facts: ir.Table, timeline: Timeline) -> ir.Table:
        """The features, as :meth:`transform` gives them, of gathered facts."""
        rows = facts.join(timeline.deals.select("deal", "deal_id"), "deal")
        values = {f.spec.name: _typed(f, rows) for f in self._features()}
        return rows.select("deal_id", at=instants(rows["at"]), **values)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {"names": list(self.names), "learned": self.learned.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FittedFeatures:
        """The inverse of :meth:`to_dict`."""
        return cls(Learned.from_dict(data["learned"]), tuple(data["names"]))

    def _features(self) -> list[Feature]:
        known = {feature.spec.name: feature for feature in candidates(self.learned)}
        return [known[name] for name in self.names]


def fit_features(log: EventLog) -> FittedFeatures:
    """Learn from ``log`` alone; hand in ``log.until(t)`` to learn from what was known at ``t``.

    Features that are empty or the same everywhere in this log's snapshots are left out.
    """
    learned = learn(log)
    everything = FittedFeatures(learned, tuple(f.spec.name for f in candidates(learned)))
    return everything.select(_varying(everything, log))


def candidates(learned: Learned) -> list[Feature]:
    """Every feature whose kind of event the fitting log holds."""
    return [
        *attributes.features(learned),
        *contacts.features(learned),
        *stages.features(learned),
        *commitments.features(learned),
        *owners.features(learned),
        *people.features(learned),
        *steps.features(learned),
        *calendar.features(learned),
    ]


def _sources(learned: Learned) -> list[Source]:
    """In the order of the joins; the owner's load reads its rows twice, so few come before it."""
    return [
        *owners.sources(),
        *attributes.sources(learned),
        *contacts.sources(),
        *stages.sources(learned),
        *commitments.sources(),
        *people.sources(),
        *steps.sources(learned),
        *calendar.sources(learned),
    ]


def _counters(learned: Learned) -> tuple[str, ...]:
    return (*BASE_COUNTERS, *KIND_COUNTERS, *map(step_counter, range(len(learned.steps))))


def _typed(feature: Feature, rows: ir.Table) -> ir.Value:
    return feature.compute(rows).cast("int32" if feature.spec.categorical else "float64")


def _varying(fitted: FittedFeatures, log: EventLog) -> list[str]:
    """Names whose column holds at least two different values, unknown being one."""
    rows = materialise(weekly(_sampled(log)))
    if rows.count().to_pyarrow().as_py() < 2:
        rows = current(log)
    table = fitted.transform(log, rows)
    found = table.agg(**_extent(table, fitted.names)).to_pyarrow().to_pylist()[0]
    return (
        [n for i, n in enumerate(fitted.names) if _varies(found, i)]
        if found["rows"] > 1
        else list(fitted.names)
    )


def _extent(table: ir.Table, names: tuple[str, ...]) -> dict[str, ir.Value]:
    columns: dict[str, ir.Value] = {"rows": table.count()}
    for i, name in enumerate(names):
        columns |= {f"low{i}": table[name].min(), f"high{i}": table[name].max()}
        columns[f"known{i}"] = table[name].count()
    return columns


def _varies(extent: Mapping[str, Any], i: int) -> bool:
    known, low, high = extent[f"known{i}"], extent[f"low{i}"], extent[f"high{i}"]
    return bool(known) and (low != high or known < extent["rows"])


def _sampled(log: EventLog) -> EventLog:
    """At most :data:`MOST_DEALS_TO_CHECK` deals, evenly over their ids."""
    every = log.deals.count().to_pyarrow().as_py() // MOST_DEALS_TO_CHECK + 1
    numbered = log.deals.mutate(place=ibis.row_number().over(order_by=log.deals.deal_id))
    return replace(log, deals=numbered.filter(numbered.place % every == 0).drop("place"))
