"""Uno's C with competing risks: of two deals, does the one that breaks off first score higher?"""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.evaluation.arrays import Floats, Integers, ratio, totals, weighted
from tsunagu.analytics.evaluation.censoring import CensoringWeights
from tsunagu.analytics.evaluation.discrimination import ties
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, CENSORED, Labels


def uno_c(score: Floats, labels: Labels, until_days: float) -> float:
    """Concordance up to a horizon, weighted for censoring.

    A case broke off by the horizon.  It is compared with every deal still open then, or ended
    later, and with every deal won or lost before: those never break off, so the case comes first.
    Uno, Cai, Pencina, D'Agostino and Wei (2011), Statistics in Medicine 30, equation 6; with
    competing risks, Wolbers, Blanche, Koller, Witteman and Gerds (2014), Biostatistics 15, section
    3.  Tied scores count one half.

    Args:
        score: (n,) higher is more at risk.
        labels: what became of the n landmarks.
        until_days: break-offs after it are no cases.

    Returns:
        0.5 for chance, 1 for perfect; NaN if no pair can be compared.
    """
    concordance = Concordance(labels, until_days)
    return concordance(concordance.order(score), np.ones(len(score)))


class Concordance:
    """Uno's C for any score and any weights; what they do not change, only once.

    Args:
        labels: times and ends of n landmarks.
        until_days: break-offs after it are no cases.
    """

    def __init__(self, labels: Labels, until_days: float) -> None:
        self._censoring = CensoringWeights(labels)
        self._cases = np.flatnonzero(labels.cases(until_days))
        self._rival = (labels.event != BROKEN_OFF) & (labels.event != CENSORED)
        # As in the weights, ends come before censorings of the same time.
        moment = 2 * np.unique(labels.days, return_inverse=True)[1] + (labels.event == CENSORED)
        self._latest_first = np.argsort(-moment, kind="stable")
        ordered = -moment[self._latest_first]
        self._later = np.searchsorted(ordered, -moment[self._cases], side="left")

    def order(self, score: Floats) -> Below:
        """How the score (n,) orders cases and later deals."""
        rank = ties(score)
        return Below(rank[self._latest_first], rank[self._cases], self._later)

    def __call__(self, below: Below, repeats: Floats) -> float:
        """The concordance of an ordered score, each landmark counted ``repeats`` (n,) times."""
        followed = self._censoring.before(repeats)
        inverse = ratio(repeats, followed, empty=0.0)
        case = inverse[self._cases]
        twice = ratio(case, followed[self._cases], empty=0.0)
        later, rival = np.stack([repeats, inverse * self._rival])[:, self._latest_first]

        def pairs(sums: Floats, rivals: Floats | float) -> float:
            """Of each case with later deals, and with competing ends that are not later."""
            return weighted(twice, sums[0]) + weighted(case, rivals - sums[1])

        comparable = pairs(_first(self._later, later, rival), float(rival.sum()))
        right = pairs(below.among_first(later, rival), below.among_all(rival))
        return right / comparable if comparable > 0 else float("nan")


def _first(count: Integers, *weights: Floats) -> Floats:
    """(weights, c) sum of the first ``count`` (c,) entries of each of the weights (n,)."""
    return np.stack([np.concatenate([[0.0], np.cumsum(each)])[count] for each in weights])


class Below:
    """For c cases: how much weight of the first so many of n landmarks ranks below each.

    A merge-sort tree: the first p of n are cut into blocks, one for each binary digit of p, in each
    of which the landmarks lie ordered by rank.  Only sums change with the weights.

    Args:
        rank: (n,) of the landmarks' scores, equal for equal ones.
        case_rank: (c,) of the cases' scores.
        first: (c,) among how many of the landmarks each case looks.
    """

    def __init__(self, rank: Integers, case_rank: Integers, first: Integers) -> None:
        self._rank, self._case_rank = rank, case_rank
        self._levels = [_level(rank, case_rank, first, b) for b in range(len(rank).bit_length())]

    def among_first(self, *weights: Floats) -> Floats:
        """(weights, c) the weight below each case among the first; equal ranks count one half."""
        found = np.zeros((len(weights), len(self._case_rank)))
        stacked = np.stack(weights)
        for order, rows, start, low, high in self._levels:
            sums = np.zeros((len(weights), len(order) + 1))
            np.cumsum(stacked[:, order], axis=1, out=sums[:, 1:])
            found[:, rows] += (sums[:, low] + sums[:, high]) / 2 - sums[:, start]
        return found

    def among_all(self, weights: Floats) -> Floats:
        """(c,) the weight below each case among all; equal ranks count one half."""
        size = int(max(self._rank.max(initial=0), self._case_rank.max(initial=0))) + 1
        own = totals(self._rank, weights, size)
        below: Floats = (np.cumsum(own) - own / 2)[self._case_rank]
        return below


_Level = tuple[Integers, Integers, Integers, Integers, Integers]


def _level(rank: Integers, case_rank: Integers, first: Integers, digit: int) -> _Level:
    """Landmarks ordered within blocks of ``2**digit``, and where cases with that digit look.

    Returns:
        The order (n,); which cases (k,), and for each of them (k,) where its block starts, and
        where ranks equal to its own start and end.
    """
    block = np.arange(len(rank)) >> digit
    size = int(max(rank.max(initial=0), case_rank.max(initial=0))) + 1
    place = block * size + rank
    order = np.argsort(place, kind="stable")
    rows = np.flatnonzero((first >> digit) & 1)
    mine = (first[rows] >> digit) - 1
    wanted = mine * size + case_rank[rows]
    low = np.searchsorted(place[order], wanted, "left")
    high = np.searchsorted(place[order], wanted, "right")
    return order, rows, mine << digit, low, high
