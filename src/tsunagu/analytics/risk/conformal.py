"""What can be said of a deal with a known share of errors, and when nothing can.

Label-conditional split conformal prediction (Vovk, Conditional validity of inductive conformal
predictors, ACML 2012): of the deals that break off, at most one in ten is told to hold, and of
those that hold at most one in ten to break off, whatever the model is worth, as long as deals go
on as in the last weeks.  Where neither can be ruled out, the answer is that the evidence does not
suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.contracts import HORIZONS_DAYS, Verdict
from tsunagu.analytics.risk.arrays import Bools, Floats, Ints
from tsunagu.analytics.risk.weighing import lower_quantile

ERROR = 0.1
"""Share of the deals of either kind of which the wrong thing may be said."""


@dataclass(frozen=True)
class Confidence:
    """Which risks speak for what, by horizon.

    Attributes:
        low: below this risk, a break-off within the horizon is ruled out; shape (horizons,).
        high: above this risk, holding is ruled out; shape (horizons,).
    """

    low: Floats
    high: Floats

    def verdicts(self, risk: Floats) -> list[list[Verdict]]:
        """For risks to break off within each horizon, shape (n, horizons)."""
        may_break, may_hold = risk >= self.low, risk <= self.high
        return [
            [_verdict(*pair) for pair in zip(*row, strict=True)]
            for row in zip(may_break.tolist(), may_hold.tolist(), strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"low": self.low.tolist(), "high": self.high.tolist()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Confidence:
        """Back from JSON."""
        return cls(np.array(data["low"]), np.array(data["high"]))


NOTHING_SURE = Confidence(np.zeros(len(HORIZONS_DAYS)), np.ones(len(HORIZONS_DAYS)))
"""Rules nothing out: too little history."""


def _verdict(may_break: bool, may_hold: bool) -> Verdict:
    if may_break == may_hold:  # neither ruled out, or a deal like none before
        return Verdict.UNSURE
    return Verdict.BREAKS_OFF if may_break else Verdict.HOLDS


def learn(
    risk: Floats, broke: Bools, known: Bools, deal: Ints, weight: Floats | None = None
) -> Confidence:
    """From landmarks that the model did not learn from.

    Args:
        risk: to break off within each horizon, shape (n, horizons).
        broke: whether it did, same shape.
        known: whether that is known, same shape.
        deal: number of each landmark's deal, shape (n,).  How many were seen is counted in deals:
            the weeks of one are not independent.
        weight: how many landmarks each stands for, shape (n,); default: for itself.
    """
    weight = np.ones(len(risk)) if weight is None else weight
    low, high = NOTHING_SURE.low.copy(), NOTHING_SURE.high.copy()
    for place in range(risk.shape[1]):
        yes, no = known[:, place] & broke[:, place], known[:, place] & ~broke[:, place]
        low[place] = _lowest(risk[yes, place], deal[yes], weight[yes])
        high[place] = 1.0 - _lowest(1.0 - risk[no, place], deal[no], weight[no])
    return Confidence(low, high)


def _lowest(score: Floats, deal: Ints, weight: Floats) -> float:
    """What all deals but a share of :data:`ERROR` reach; 0 where they are too few to tell."""
    deals = len(np.unique(deal))
    share = (np.floor(ERROR * (deals + 1)) - 1) / max(deals - 1, 1)
    return lower_quantile(score, float(share), weight) if share >= 0 and deals > 1 else 0.0
