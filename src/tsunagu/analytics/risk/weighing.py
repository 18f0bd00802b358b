"""Quantiles of rows that stand for more than themselves.

Where all weigh the same they are NumPy's own, to the bit: learning from everything stays what it
was.
"""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.risk.arrays import Floats, Singles

_MIDDLE = np.array([0.5])


def quantiles(values: Floats, shares: Floats, weight: Floats) -> Floats:
    """Linear between neighbours, shape of ``shares``; ``values`` are not empty."""
    if _even(weight):
        found: Floats = np.quantile(values, shares)
        return found
    ordered, before = _in_order(values, weight)
    return np.asarray(np.interp(shares * before[-1], before, ordered))


def lower_quantile(values: Floats, share: float, weight: Floats) -> float:
    """The greatest of ``values`` that at most ``share`` lie before."""
    if _even(weight):
        return float(np.quantile(values, share, method="lower"))
    ordered, before = _in_order(values, weight)
    return float(ordered[np.searchsorted(before, share * before[-1], side="right") - 1])


def medians(features: Singles, weight: Floats) -> Floats:
    """Of each column without its NaN, shape (features,); NaN where nothing else is."""
    found = np.full(features.shape[1], np.nan)
    seen = ~np.isnan(features).all(axis=0)
    if _even(weight):
        if seen.any():
            found[seen] = np.nanmedian(features[:, seen], axis=0)
        return found
    for place in np.flatnonzero(seen):
        known = ~np.isnan(features[:, place])
        found[place] = quantiles(features[known, place], _MIDDLE, weight[known])[0]
    return found


def _even(weight: Floats) -> bool:
    return not len(weight) or bool((weight == weight[0]).all())


def _in_order(values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The values sorted, and the weight that lies before each."""
    order = np.argsort(values, kind="stable")
    heavy = weight[order]
    return values[order].astype(np.float64), np.cumsum(heavy) - heavy
