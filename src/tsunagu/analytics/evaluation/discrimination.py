"""Time-dependent AUC: does a deal that breaks off soon score higher than one that does not?"""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.evaluation.arrays import Floats, Integers, totals, weighted
from tsunagu.analytics.evaluation.censoring import CensoringWeights
from tsunagu.analytics.evaluation.labels import Labels


def auc(score: Floats, labels: Labels, horizon_days: int) -> float:
    """Cumulative/dynamic AUC for breaking off, with competing ends and right censoring.

    Cases broke off within the horizon; controls are all others: still open at it, won or lost
    before it.  Each side is weighted by the inverse probability of not being censored.  This is
    definition 2 of Blanche, Dartigues and Jacqmin-Gadda (2013), Statistics in Medicine 32,
    "Estimating and comparing time-dependent areas under ROC curves for censored event times with
    competing risks", equation 6.  Tied pairs count one half.  O(n log n).

    Args:
        score: (n,) higher is more at risk.
        labels: what became of the n landmarks.
        horizon_days: the horizon.

    Returns:
        0.5 for chance, 1 for perfect; NaN if there is no case or no control.
    """
    weights = CensoringWeights(labels).at(horizon_days)
    cases = labels.cases(horizon_days)
    return weighted_auc(ties(score), weights * cases, weights * ~cases)


def ties(score: Floats) -> Integers:
    """(n,) rank of each score among the distinct ones: equal scores share it."""
    return np.unique(score, return_inverse=True)[1].astype(np.int64)


def weighted_auc(rank: Integers, cases: Floats, controls: Floats) -> float:
    """Weighted share of case-control pairs in the right order; linear in n.

    Args:
        rank: (n,) from :func:`ties`.
        cases: (n,) weight as a case, 0 if none.
        controls: (n,) weight as a control, 0 if none.
    """
    size = int(rank.max()) + 1
    control = totals(rank, controls, size)
    beaten = np.cumsum(control) - control / 2
    rows = np.flatnonzero(cases)
    pairs = cases[rows].sum() * control.sum()
    return weighted(cases[rows], beaten[rank[rows]]) / float(pairs) if pairs > 0 else float("nan")
