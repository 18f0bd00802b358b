"""Odoo's predictive lead scoring: naive Bayes over the stage and a few fields.

Source: Odoo, ``addons/crm/models/crm_lead.py``, ``_pls_get_naive_bayes_probabilities`` and
``_pls_update_frequency_table``.  Teams are summed over, as Odoo does where none is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog, Outcome
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers
from tsunagu.analytics.evaluation.baselines.facts import NO_STAGE, FactReader
from tsunagu.analytics.evaluation.labels import in_order

FIRST_COUNT = 0.1
LEAST_PROBABILITY = 0.0001
"""The clamp: [0.01%, 99.99%]."""


@dataclass(frozen=True)
class Frequencies:
    """Counts of one field, each 0.1 at first.

    Attributes:
        yes: (v,) deals of the class that is foreseen, by value.
        no: (v,) the others.
        total_yes: what ``yes`` is divided by.
        total_no: what ``no`` is divided by.
    """

    yes: Floats
    no: Floats
    total_yes: float
    total_no: float

    def log_odds(self, value: Integers) -> Floats:
        """(n,) what each value adds; a negative number is an unseen or empty value: nothing."""
        each = np.log(self.yes / self.total_yes) - np.log(self.no / self.total_no)
        # The appended zero is what -1 finds: nothing.
        found: Floats = np.append(each, 0.0)[value]
        return found


def count_field(value: Integers, yes: Flags, size: int) -> Frequencies:
    """Count a field's values, -1 being none; totals are the sums over its values."""
    seen = value >= 0
    many: Floats = _counts(value[seen & yes], size) + FIRST_COUNT
    others: Floats = _counts(value[seen & ~yes], size) + FIRST_COUNT
    return Frequencies(many, others, float(many.sum()), float(others.sum()))


def count_stages(stage: Integers, yes: Flags, won: Flags, size: int) -> Frequencies:
    """Count stages: a won deal in all of them, another in those up to its last.

    Args:
        stage: (n,) number of the deal's last stage; below 0: none, which is the first.
        yes: (n,) whether it is of the class that is foreseen.
        won: (n,) whether it was won.
        size: number of stages.
    """
    last = np.where(won, size - 1, np.maximum(stage, 0))
    many: Floats = _at_least(last[yes], size) + FIRST_COUNT
    others: Floats = _at_least(last[~yes], size) + FIRST_COUNT
    return Frequencies(many, others, float(many[0]), float(others[0]))


def _counts(value: Integers, size: int) -> Floats:
    return np.bincount(value, minlength=size).astype(np.float64)


def _at_least(value: Integers, size: int) -> Floats:
    """(size,) how many values reach each number."""
    return np.cumsum(_counts(value, size)[::-1])[::-1]


@dataclass(frozen=True)
class FittedOdoo:
    """The frequency table.

    Attributes:
        reader: reads the stage as of a snapshot.
        stages: counts by stage.
        fields: counts by value of each text attribute.
        values: the attributes' values, in the order of their counts.
        risk_is_no: whether the class foreseen is the good one, so that risk is its complement.
    """

    reader: FactReader
    stages: Frequencies
    fields: Mapping[str, Frequencies]
    values: Mapping[str, pa.Array]
    risk_is_no: bool

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``score``: 1 - P(won), or P(broken off)."""
        facts = self.reader.read(log, snapshots)
        attributes = _attributes(log, facts.keys["deal_id"], tuple(self.fields))
        probability = self.probability(
            facts.stage, {n: _codes(attributes[n], self.values[n]) for n in self.fields}
        )
        return facts.answer(1.0 - probability if self.risk_is_no else probability)

    def probability(self, stage: Integers, fields: Mapping[str, Integers]) -> Floats:
        """(n,) of the class that is foreseen, clamped."""
        prior = np.log(self.stages.total_yes) - np.log(self.stages.total_no)
        odds = prior + self.stages.log_odds(stage)
        for name, value in fields.items():
            odds = odds + self.fields[name].log_odds(value)
        # The logistic function, safe for large odds.
        probability = np.exp(-np.logaddexp(0.0, -odds))
        clamped: Floats = np.clip(probability, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
        return clamped


@dataclass(frozen=True)
class OdooLeadScoring:
    """Odoo's naive Bayes on the closed deals of the training log.

    As Odoo has it, it foresees winning, and the risk is the complement.  Its twin, for fairness,
    is the same arithmetic that foresees breaking off against the rest.

    Attributes:
        break_off: the twin.
    """

    break_off: bool = False

    @property
    def name(self) -> str:
        """``odoo`` or ``odoo_break_off``."""
        return "odoo_break_off" if self.break_off else "odoo"

    def fit(self, log: EventLog, *, seed: int) -> FittedOdoo:  # noqa: ARG002 - nothing random
        """Count.

        Raises:
            NotEnoughHistoryError: if no deal is closed.
        """
        ends = log.outcomes().semi_join(log.deals, "deal_id").rename(at="ended_at")
        closed = in_order(ends.to_pyarrow())
        if not len(closed):
            raise NotEnoughHistoryError(
                "No deal of the training part is closed.", remedy="Cut later, or read a longer log."
            )
        won = _is(closed["outcome"], Outcome.WON)
        yes = _is(closed["outcome"], Outcome.BROKEN_OFF) if self.break_off else won
        reader = FactReader.fit(log)
        stage = reader.read(log, ends.select("deal_id", "at")).stage
        stages = count_stages(stage, yes, won, max(len(reader.learned.stages), 1))
        attributes = _attributes(log, closed["deal_id"], tuple(reader.learned.levels))
        values = _values(attributes)
        fields = {
            name: count_field(_codes(attributes[name], known), yes, len(known))
            for name, known in values.items()
        }
        return FittedOdoo(reader, stages, fields, values, risk_is_no=not self.break_off)


def _is(outcomes: pa.ChunkedArray, outcome: Outcome) -> Flags:
    return np.asarray(pc.equal(outcomes, outcome.value).to_numpy(zero_copy_only=False), dtype=bool)


def _attributes(log: EventLog, deal_ids: pa.ChunkedArray, names: tuple[str, ...]) -> pa.Table:
    """The deals' text attributes, one row an entry of ``deal_ids``."""
    table = log.deals.select("deal_id", *names).to_pyarrow()
    place = pc.index_in(deal_ids, value_set=table["deal_id"].combine_chunks())
    return table.take(place)


def _values(attributes: pa.Table) -> dict[str, pa.Array]:
    """Each attribute's distinct values, sorted, so that row order plays no part; none empty."""
    found = {}
    for name in attributes.column_names[1:]:
        values = pc.unique(attributes[name]).drop_null()
        values = values.filter(pc.not_equal(values, ""))
        if len(values):
            found[name] = values.sort()
    return found


def _codes(column: pa.ChunkedArray, values: pa.Array) -> Integers:
    """(n,) place of each value in ``values``, -1 where it is not among them."""
    codes = pc.index_in(column, value_set=values, skip_nulls=True).fill_null(NO_STAGE)
    return np.asarray(codes.to_numpy(), dtype=np.int64)
