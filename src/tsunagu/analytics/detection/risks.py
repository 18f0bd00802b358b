"""Break risks known at each look, from scores made at or before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import Outcome, incidence_column
from tsunagu.analytics.detection.arrays import Floats
from tsunagu.analytics.features.clock import DAY, ORIGIN

HORIZON_DAYS = 30
RISING_DAYS, OLDEST_DAYS = 7.0, 30.0
"""The risk is compared with the latest one that is at least a week and at most a month older."""

_EPOCH = int(ORIGIN.timestamp()) * 1_000_000
_FLOOR = 1e-4


@dataclass(frozen=True)
class Risks:
    """(n,) each, NaN where no score is known.

    Attributes:
        now: probability of breaking off within :data:`HORIZON_DAYS`, by the last score.
        at: of that score.
        before: by the score to compare with.
        at_before: of that one.
    """

    now: Floats
    at: Floats
    before: Floats
    at_before: Floats

    def rise(self) -> Floats:
        """(n,) rise of the log-odds."""
        rise: Floats = _log_odds(self.now) - _log_odds(self.before)
        return rise


def risks_at(scores: pa.Table | None, deals: pa.Array, look: Floats) -> Risks:
    """The risks known at each look.

    Args:
        scores: score tables (``contracts.score_schema``), today's and earlier ones in one; or
            None.
        deals: (n,) ids.
        look: (n,) microseconds since ``clock.ORIGIN``.
    """
    unknown = np.full(len(look), np.nan)
    if scores is None or not len(scores) or not len(look):
        return Risks(unknown, unknown, unknown, unknown)
    ids = pc.unique(pa.concat_arrays([_whole(scores["deal_id"]), _whole(deals)])).sort()
    trail = _Trail.of(scores, ids)
    mine = pc.index_in(_whole(deals), value_set=ids).to_numpy().astype(np.float64)
    now, at = trail.latest(mine, look)
    before, at_before = trail.latest(mine, at - RISING_DAYS * DAY)
    recent = look - at_before <= OLDEST_DAYS * DAY
    return Risks(now, at, np.where(recent, before, np.nan), np.where(recent, at_before, np.nan))


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


@dataclass(frozen=True)
class _Trail:
    """Scores in order of deal and time; ``key`` is a complex number of both, to search in."""

    key: np.ndarray
    at: Floats
    risk: Floats

    @classmethod
    def of(cls, scores: pa.Table, ids: pa.Array) -> _Trail:
        deal = pc.index_in(_whole(scores["deal_id"]), value_set=ids).to_numpy().astype(np.float64)
        instants = scores["at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        at = instants.to_numpy().astype(np.float64) - _EPOCH
        risk = scores[incidence_column(Outcome.BROKEN_OFF, HORIZON_DAYS)].to_numpy()
        order = np.lexsort((at, deal))
        return cls((deal + 1j * at)[order], at[order], risk[order])

    def latest(self, deal: Floats, moment: Floats) -> tuple[Floats, Floats]:
        """Risk and time of each deal's last score at or before the moment; NaN if none."""
        known = np.isfinite(moment)
        wanted = deal + 1j * np.where(known, moment, 0.0)
        place = np.searchsorted(self.key, wanted, side="right") - 1
        safe = np.maximum(place, 0)
        found = known & (place >= 0) & (self.key.real[safe] == deal)
        return np.where(found, self.risk[safe], np.nan), np.where(found, self.at[safe], np.nan)


def _log_odds(risk: Floats) -> Floats:
    bounded = np.clip(risk, _FLOOR, 1 - _FLOOR)
    odds: Floats = np.log(bounded) - np.log1p(-bounded)
    return odds
