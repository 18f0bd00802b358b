"""All replicates of a bootstrap by deal at once: a figure is an array, not a loop.

Everywhere ``weights`` is (1 + replicates, deals): how often each deal is drawn.  Its first row is
all ones, so the first element of every array of figures is the figure itself.  The rows of a deal
(prefixes, weeks) come and go together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers
from tsunagu.analytics.evaluation.calibration import bins
from tsunagu.analytics.evaluation.discrimination import ties
from tsunagu.analytics.evaluation.resampling import Sample, deal_weights

_ROWS_AT_ONCE = 20_000_000
"""Replicates times rows held in memory at once."""


def weights(deals: int, replicates: int, seed: int = 0) -> Floats:
    """(1 + replicates, deals): ones, then draws with replacement."""
    draws = np.array([*deal_weights(deals, replicates, seed)]).reshape(replicates, deals)
    return np.vstack([np.ones(deals), draws])


def sample(figures: Mapping[str, Floats]) -> Sample:
    """Figures by key, each (1 + replicates,), with intervals and paired differences."""
    count = len(next(iter(figures.values())))
    by_replicate = [{key: float(f[r]) for key, f in figures.items()} for r in range(count)]
    return Sample(by_replicate[0], by_replicate[1:])


def aucs(score: Floats, positive: Flags, deal: Integers, weights: Floats) -> Floats:
    """(1 + replicates,) area under the ROC curve; tied pairs count one half.

    Args:
        score: (n,) higher is likelier.
        positive: (n,) what came true.
        deal: (n,) each row's deal, a column of ``weights``.
        weights: see above.

    Returns:
        NaN in a replicate without a positive or without a negative row.
    """
    order = np.argsort(score, kind="stable")
    rank, positive, deal = ties(score)[order], positive[order], deal[order]
    starts = np.flatnonzero(np.diff(rank, prepend=-1))
    parts = np.array_split(weights, max(1, len(weights) * len(score) // _ROWS_AT_ONCE))
    return np.concatenate([_aucs(part[:, deal], positive, starts) for part in parts])


def _aucs(repeats: Floats, positive: Flags, starts: Integers) -> Floats:
    cases = np.add.reduceat(repeats * positive, starts, axis=1)
    controls = np.add.reduceat(repeats * ~positive, starts, axis=1)
    beaten = np.cumsum(controls, axis=1) - controls / 2
    pairs = cases.sum(axis=1) * controls.sum(axis=1)
    found: Floats = (cases * beaten).sum(axis=1) / np.where(pairs > 0, pairs, np.nan)
    return found


def grouped_aucs(
    score: Floats, positive: Flags, deal: Integers, group: Integers, weights: Floats
) -> dict[int, Floats]:
    """:func:`aucs` within each group (n,), such as the prefix's length."""
    return {
        int(g): aucs(score[group == g], positive[group == g], deal[group == g], weights)
        for g in np.unique(group)
    }


def averaged(by_group: Mapping[int, Floats], rows: Mapping[int, int]) -> Floats:
    """(1 + replicates,) mean of groups' figures, weighted by their rows; unknown ones left out."""
    figures = np.array([by_group[g] for g in by_group])
    share = np.array([rows[g] for g in by_group], dtype=float)[:, None] * np.isfinite(figures)
    mean: Floats = (np.nan_to_num(figures) * share).sum(axis=0) / share.sum(axis=0)
    return mean


def curve(
    probability: Floats, positive: Flags, deal: Integers, weights: Floats
) -> tuple[Floats, Floats, Floats]:
    """Reliability in ten quantile bins of all rows: told, come true, rows, each (1 + r, bins)."""
    bin_of = bins(probability)
    size = int(bin_of.max()) + 1
    place = deal * size + bin_of
    shape = (weights.shape[1], size)
    rows, told, true = (
        weights @ np.bincount(place, values, shape[0] * shape[1]).reshape(shape)
        for values in (np.ones(len(place)), probability, positive.astype(np.float64))
    )
    some = np.where(rows > 0, rows, np.nan)
    return told / some, true / some, rows


def eces(probability: Floats, positive: Flags, deal: Integers, weights: Floats) -> Floats:
    """(1 + replicates,) expected calibration error over the bins of :func:`curve`."""
    told, true, rows = curve(probability, positive, deal, weights)
    gaps = np.nan_to_num(np.abs(told - true))
    found: Floats = (gaps * rows).sum(axis=1) / rows.sum(axis=1)
    return found


def briers(probability: Floats, positive: Flags, deal: Integers, weights: Floats) -> Floats:
    """(1 + replicates,) mean squared error of the probabilities."""
    deals = weights.shape[1]
    error = np.bincount(deal, (probability - positive) ** 2, deals)
    rows = np.bincount(deal, minlength=deals).astype(np.float64)
    found: Floats = (weights @ error) / (weights @ rows)
    return found
