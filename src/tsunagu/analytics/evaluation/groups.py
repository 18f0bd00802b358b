"""Calibration within kinds of deals: do probabilities hold for each owner, product and size?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers, ratio, totals
from tsunagu.analytics.evaluation.calibration import BINS, Reliability, binned, bins

MOST_GROUPS = 8
"""Of each grouping only the largest groups are shown."""
LEAST_DEALS = 30
"""A group of fewer deals says nothing about calibration."""

OURS = ("owner", "size")
"""Names of groupings that are no attributes; an attribute of such a name is called one."""

_SIZES = 3


@dataclass(frozen=True)
class Grouping:
    """Deals by one thing known of them at creation.

    Attributes:
        name: one of :data:`OURS`, or the name of an attribute.
        groups: names of the groups, the largest first; a size is its number from the smallest.
        of: (d,) the group of each deal, -1 for none that is shown.
    """

    name: str
    groups: tuple[str, ...]
    of: Integers


def groupings(log: EventLog, deal_ids: pa.Array, value: Floats | None) -> tuple[Grouping, ...]:
    """Groupings of the deals in which two groups at least are large enough to be judged.

    Args:
        log: the whole log.
        deal_ids: (d,) the deals judged.
        value: (d,) what they are worth, NaN where unknown; None if the log does not say.
    """
    texts = [name for name in log.attributes if log.deals[name].type().is_string()]
    table = log.deals.select("deal_id", "owner_id", *texts).to_pyarrow()
    table = table.take(pc.index_in(deal_ids, value_set=table["deal_id"].combine_chunks()))
    found = [_by_text("owner", table["owner_id"])]
    found += [_by_text(f"attribute {n}" if n in OURS else n, table[n]) for n in texts]
    if value is not None:
        found.append(_by_size(value))
    return tuple(grouping for grouping in found if len(grouping.groups) > 1)


def _by_text(name: str, column: pa.ChunkedArray) -> Grouping:
    counted = [(-c["counts"], c["values"]) for c in pc.value_counts(column).to_pylist()]
    large = sorted(c for c in counted if c[1] and -c[0] >= LEAST_DEALS)[:MOST_GROUPS]
    names = [value for _, value in large]
    place = pc.index_in(column, value_set=pa.array(names, pa.string()), skip_nulls=True)
    return Grouping(name, tuple(names), place.fill_null(-1).to_numpy().astype(np.int64))


def _by_size(value: Floats) -> Grouping:
    known = np.isfinite(value)
    if known.sum() < _SIZES * LEAST_DEALS:
        return Grouping("size", (), np.full(len(value), -1))
    edges = np.unique(np.quantile(value[known], np.linspace(0, 1, _SIZES + 1)[1:-1]))
    number = np.searchsorted(edges, value, side="left")
    names = tuple(str(n + 1) for n in range(len(edges) + 1))
    return Grouping("size", names, np.where(known, number, -1).astype(np.int64))


class GroupedCalibration:
    """A forecast's calibration by group, for any weights of the landmarks.

    Args:
        grouping: of the deals.
        deal: (n,) each landmark's deal.
        probability: (n,) of breaking off within a horizon.
        cases: (n,) whether that came true.
    """

    def __init__(
        self, grouping: Grouping, deal: Integers, probability: Floats, cases: Flags
    ) -> None:
        group = grouping.of[deal]
        self._shown = np.flatnonzero(group >= 0)
        self._group = group[self._shown]
        self._probability, self._cases = probability[self._shown], cases[self._shown]
        self._bin = self._group * BINS + bins(probability)[self._shown]

    def __call__(self, weights: Floats, repeats: Floats) -> tuple[Reliability, Floats]:
        """Predicted against observed share by group, and the error within each group (groups,).

        Args:
            weights: (n,) for censoring.
            repeats: (n,) how often each landmark counts.
        """
        chosen = (self._probability, self._cases, weights[self._shown], repeats[self._shown])
        curve = binned(self._bin, *chosen)
        known = np.where(np.isfinite(curve.observed), curve.landmarks, 0.0)
        gaps = np.nan_to_num(np.abs(curve.predicted - curve.observed))
        group, size = np.arange(len(known)) // BINS, int(self._group.max()) + 1
        wrong = totals(group, known * gaps, size)
        within = ratio(wrong, totals(group, known, size), empty=np.nan)
        return binned(self._group, *chosen), within
