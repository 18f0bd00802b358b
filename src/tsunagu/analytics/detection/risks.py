"""Break risks known at each look, from scores made at or before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import Outcome, incidence_column, score_schema
from tsunagu.analytics.detection.arrays import Floats, Ints
from tsunagu.analytics.features.clock import DAY, ORIGIN

HORIZON_DAYS = 30
RISING_DAYS, OLDEST_DAYS = 7.0, 30.0
"""The risk is compared with the latest one that is at least a week and at most a month older."""

_EPOCH = int(ORIGIN.timestamp()) * 1_000_000
_FLOOR = 1e-4


@dataclass(frozen=True)
class Runs:
    """A number that each score gives, in order of deal and time, and each look's place in it.

    Attributes:
        deal: (m,) deals' codes.
        at: (m,) of the scores.
        value: (m,) NaN where not known.
        look_deal: (n,) codes of the looks' deals.
        place: (n,) the last score at or before each look; -1: none.
    """

    deal: Ints
    at: Floats
    value: Floats
    look_deal: Ints
    place: Ints

    def now(self) -> Floats:
        """(n,) the number at each look."""
        return _at(self.value, self.place)

    def since(self, cuts: Floats) -> Floats:
        """(n,) when the unbroken run of scores that reach each look's cut began.

        Where the last score does not reach it, that score's time.
        """
        if not len(self.deal):
            return _at(self.at, self.place)
        limit = np.full(max(self.deal.max(), self.look_deal.max()) + 1, np.inf)
        limit[self.look_deal] = cuts
        reached = self.value >= limit[self.deal]
        goes_on = np.zeros(len(reached), dtype=bool)
        goes_on[1:] = reached[1:] & reached[:-1] & (self.deal[1:] == self.deal[:-1])
        start = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(reached))))
        return _at(self.at[start], self.place)


@dataclass(frozen=True)
class Risks:
    """Scores known at n looks.

    Attributes:
        high: probability of breaking off within :data:`HORIZON_DAYS`.
        rising: rise of its log-odds against the score to compare with.
        before: (n,) the probability to compare with, NaN if none.
        at_before: (n,) of that score.
    """

    high: Runs
    rising: Runs
    before: Floats
    at_before: Floats


def _at(column: Floats, place: Ints) -> Floats:
    found = np.full(len(place), np.nan)
    found[place >= 0] = column[place[place >= 0]]
    return found


def risks_at(scores: pa.Table | None, deals: pa.Array, look: Floats) -> Risks:
    """The risks known at each look.

    Args:
        scores: score tables (``contracts.score_schema``), today's and earlier ones in one; or
            None.
        deals: (n,) ids.
        look: (n,) microseconds since ``clock.ORIGIN``.
    """
    none = score_schema().empty_table()
    trail = _Trail.of(none if scores is None else scores, deals)
    place = trail.latest(trail.looks, look)
    compared = trail.latest(trail.deal, trail.at - RISING_DAYS * DAY)
    before, at_before = _at(trail.risk, compared), _at(trail.at, compared)
    before[trail.at - at_before > OLDEST_DAYS * DAY] = np.nan
    rise = _log_odds(trail.risk) - _log_odds(before)
    high = Runs(trail.deal, trail.at, trail.risk, trail.looks, place)
    rising = Runs(trail.deal, trail.at, rise, trail.looks, place)
    return Risks(high, rising, _at(before, place), _at(at_before, place))


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


@dataclass(frozen=True)
class _Trail:
    """Scores in order of deal and time.

    Attributes:
        deal: (m,) codes.
        at, risk: (m,).
        looks: (n,) codes of the looks' deals.
    """

    deal: Ints
    at: Floats
    risk: Floats
    looks: Ints

    @classmethod
    def of(cls, scores: pa.Table, looks: pa.Array | pa.ChunkedArray) -> _Trail:
        ids = pc.unique(pa.concat_arrays([_whole(scores["deal_id"]), _whole(looks)])).sort()
        deal = _codes(scores["deal_id"], ids)
        instants = scores["at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        at = instants.to_numpy().astype(np.float64) - _EPOCH
        risk = scores[incidence_column(Outcome.BROKEN_OFF, HORIZON_DAYS)].to_numpy()
        order = np.lexsort((at, deal))
        return cls(deal[order], at[order], risk[order], _codes(looks, ids))

    def latest(self, deal: Ints, moment: Floats) -> Ints:
        """Place of each deal's last score at or before the moment; -1 if none."""
        if not len(self.deal):
            return np.full(len(deal), -1)
        # complex numbers are ordered by the real part, then by the imaginary one
        key = self.deal + 1j * self.at
        place = np.searchsorted(key, deal + 1j * moment, side="right") - 1
        mine: Ints = np.where(self.deal[np.maximum(place, 0)] == deal, place, -1)
        return mine


def _codes(column: pa.Array | pa.ChunkedArray, ids: pa.Array) -> Ints:
    codes: Ints = pc.index_in(_whole(column), value_set=ids).to_numpy().astype(np.int64)
    return codes


def _log_odds(risk: Floats) -> Floats:
    bounded = np.clip(risk, _FLOOR, 1 - _FLOOR)
    odds: Floats = np.log(bounded) - np.log1p(-bounded)
    return odds
