"""What learners learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.outcomes.arrays import Floats, Ints
from tsunagu.analytics.outcomes.encoding import Encoded
from tsunagu.analytics.outcomes.settings import Settings


@dataclass(frozen=True)
class Lesson:
    """Moments of decided deals with their answers.

    Attributes:
        encoded: features of the n moments.
        answer: (n,) what became of the deal.
        deal: (n,) its number, in the order of first moments.
        at: (n,) epoch seconds.
        decided_at: (n,) epoch seconds.
        answers: how many answers there are.
        settings: of the model.
        seed: of everything random.
    """

    encoded: Encoded
    answer: Ints
    deal: Ints
    at: Floats
    decided_at: Floats
    answers: int
    settings: Settings
    seed: int

    def weight(self, rows: Ints) -> Floats:
        """(r,) so that a deal counts for the root of its moments among ``rows``.

        They are much alike: ten of one deal say more than one, and less than ten of ten deals.
        """
        deal = self.deal[rows]
        found: Floats = 1.0 / np.sqrt(np.bincount(deal)[deal])
        return found
