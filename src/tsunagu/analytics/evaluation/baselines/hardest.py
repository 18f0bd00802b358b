"""The hardest rule that deal boards have (as in Gong's deal warnings): any of five things wrong."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.arrays import Flags, Floats
from tsunagu.analytics.evaluation.baselines.facts import FactReader, Facts
from tsunagu.analytics.evaluation.baselines.thresholds import Thresholds
from tsunagu.analytics.evaluation.baselines.training import Training, training_of

LEAST_CONTACTS = 2
_HALF_SILENCE_DAYS = 30.0


@dataclass(frozen=True)
class FittedHardest:
    """The rule with its days.

    Attributes:
        reader: reads the facts.
        activity: days without anything done.
        silence: days without a word from the customer; None: the log records none.
        stay: days in the stage, by stage.
    """

    reader: FactReader
    activity: Thresholds
    silence: Thresholds | None
    stay: Thresholds

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``score``: conditions that hold, plus a share below 1 that grows with inactivity."""
        facts = self.reader.read(log, snapshots)
        holding = np.sum(self.conditions(facts), axis=0, dtype=np.float64)
        idle = np.maximum(facts.days_since_update, 0.0)
        score: Floats = holding + idle / (idle + _HALF_SILENCE_DAYS)
        return facts.answer(score, fires=pa.array(holding >= 1.0))

    def conditions(self, facts: Facts) -> list[Flags]:
        """(n,) each: inactive, silent, overdue, stalled, too few contacts; those on record."""
        found = [
            facts.days_since_update >= self.activity.of(facts.stage),
            facts.days_in_stage >= self.stay.of(facts.stage),
        ]
        if self.silence is not None and facts.silence is not None:
            found.append(facts.silence >= self.silence.of(facts.stage))
        if facts.days_to_close is not None:
            found.append(facts.days_to_close < 0)  # an unknown date is not overdue
        if facts.contacts is not None:
            found.append(facts.contacts < LEAST_CONTACTS)
        return found


@dataclass(frozen=True)
class HardestRule:
    """No activity, or customer silent, or close date overdue, or stalled, or few contacts.

    Gong warns after 14 days; here the days are the best for the training part (``thresholds``):
    one number for activity and silence, each stage's own for stalling.
    """

    name: str = "hardest_rule"

    def fit(self, log: EventLog, *, seed: int) -> FittedHardest:  # noqa: ARG002 - nothing random
        """Tune the days.

        Raises:
            NotEnoughHistoryError: if no deal broke off.
        """
        training = training_of(log)
        facts = training.facts
        silence = None if facts.silence is None else _tuned(training, facts.silence)
        return FittedHardest(
            training.reader,
            activity=_tuned(training, facts.days_since_update),
            silence=silence,
            stay=_tuned(training, facts.days_in_stage, per_stage=True),
        )


def _tuned(training: Training, days: Floats, *, per_stage: bool = False) -> Thresholds:
    stage, broke, known = training.facts.stage, training.broke(), training.known()
    return Thresholds.tuned(days, stage, broke, known, per_stage=per_stage)
