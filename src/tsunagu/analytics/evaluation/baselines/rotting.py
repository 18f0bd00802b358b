"""Rotting rules: a deal is rotten once nothing has happened for its stage's number of days.

Sources: Odoo 19 CRM, ``crm.stage`` rotting days (the last stage change counts); Pipedrive, "The
rotting feature" (a done activity, note, file or mail counts, a planned one does not); BottleCRM,
ageing of opportunities (expected days by stage, yellow at once, red at one and a half times).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.arrays import Floats
from tsunagu.analytics.evaluation.baselines.facts import FactReader, Facts
from tsunagu.analytics.evaluation.baselines.thresholds import Thresholds
from tsunagu.analytics.evaluation.baselines.training import training_of

BOTTLECRM_EARLY_DAYS = 14.0
BOTTLECRM_LATE_DAYS = 10.0


class Clock(StrEnum):
    """Since when a rule counts."""

    STAGE = "odoo"  # the last stage change, as Odoo does
    UPDATE = "pipedrive"  # the last thing done, as Pipedrive does

    def days(self, facts: Facts) -> Floats:
        """(n,) what the clock shows."""
        return facts.days_in_stage if self is Clock.STAGE else facts.days_since_update


@dataclass(frozen=True)
class FittedRotting:
    """A rotting rule with its thresholds."""

    reader: FactReader
    clock: Clock
    thresholds: Thresholds

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``score``: days over the stage's days; ``fires`` from 1."""
        facts = self.reader.read(log, snapshots)
        score = self.clock.days(facts) / self.thresholds.of(facts.stage)
        return facts.answer(score, fires=pa.array(score >= 1.0))


@dataclass(frozen=True)
class RottingRule:
    """A rotting rule whose days are the best for the training part (see ``thresholds``).

    These systems leave the days to the user; the best are taken, to be fair to the rule.

    Attributes:
        clock: since when it counts.
        per_stage: days of each stage's own, else one number of days for all.
    """

    clock: Clock
    per_stage: bool = False

    @property
    def name(self) -> str:
        """E.g. ``rotting_pipedrive_per_stage``."""
        return f"rotting_{self.clock.value}_{'per_stage' if self.per_stage else 'single'}"

    def fit(self, log: EventLog, *, seed: int) -> FittedRotting:  # noqa: ARG002 - nothing random
        """Tune the thresholds.

        Raises:
            NotEnoughHistoryError: if no deal broke off.
        """
        training = training_of(log)
        thresholds = Thresholds.tuned(
            self.clock.days(training.facts),
            training.facts.stage,
            training.broke(),
            training.known(),
            per_stage=self.per_stage,
        )
        return FittedRotting(training.reader, self.clock, thresholds)


@dataclass(frozen=True)
class BottleCrmRotting:
    """BottleCRM's own days, untuned: 14 in prospecting and qualification, 10 after them.

    Its four stages become the first and the second half of the process; a deal without a stage is
    in the first.  It fires at yellow.
    """

    name: str = "rotting_bottlecrm"

    def fit(self, log: EventLog, *, seed: int) -> FittedRotting:  # noqa: ARG002 - nothing random
        """Only the order of the stages is learnt."""
        reader = FactReader.fit(log)
        stages = len(reader.learned.stages)
        late = np.arange((stages + 1) // 2, stages).tolist()
        days = Thresholds(BOTTLECRM_EARLY_DAYS, dict.fromkeys(late, BOTTLECRM_LATE_DAYS))
        return FittedRotting(reader, Clock.STAGE, days)
