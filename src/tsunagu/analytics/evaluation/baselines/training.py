"""The training part as the rules see it: weekly landmarks and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.arrays import Flags
from tsunagu.analytics.evaluation.baselines.facts import FactReader, Facts
from tsunagu.analytics.evaluation.labels import CENSORED, Labels, label
from tsunagu.analytics.evaluation.once import once_per_log
from tsunagu.analytics.features.snapshots import weekly

WARNING_DAYS = 30
"""Rules are tuned to tell deals that break off within this many days."""


@dataclass(frozen=True)
class Training:
    """Weekly landmarks of a training log.

    Attributes:
        reader: reads the same facts of other logs.
        facts: of the n landmarks.
        labels: what became of them by the end of the training log.
    """

    reader: FactReader
    facts: Facts
    labels: Labels

    def known(self) -> Flags:
        """(n,) landmarks of which is known whether they broke off within the warning time."""
        followed: Flags = (self.labels.event != CENSORED) | (self.labels.days >= WARNING_DAYS)
        return followed

    def broke(self) -> Flags:
        """(n,) landmarks that broke off within the warning time.

        Raises:
            NotEnoughHistoryError: if none did: then no threshold is better than another.
        """
        broke = self.labels.cases(WARNING_DAYS)
        if not np.any(broke):
            raise NotEnoughHistoryError(
                "No deal of the training part broke off, so a rule's thresholds cannot be tuned.",
                remedy="Cut later, or check which outcomes the mapping calls broken off.",
            )
        return broke


@once_per_log
def training_of(log: EventLog) -> Training:
    """Landmarks at every week of ``log``; reckoned once, as all rules tune on the same.

    Raises:
        NotEnoughHistoryError: if no deal was open at any landmark.
    """
    snapshots = weekly(log).cache()
    landmarks = label(log, snapshots)
    if not len(landmarks):
        raise NotEnoughHistoryError(
            "No deal was open at the start of any week of the training part.",
            remedy="Cut later, or read a longer log.",
        )
    reader = FactReader.fit(log)
    return Training(reader, reader.read(log, snapshots), landmarks.labels)
