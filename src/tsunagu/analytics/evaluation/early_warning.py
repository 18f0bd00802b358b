"""Early warning at equal alert volume: who was on the list, and how many days before the end.

Each week the open deals of that landmark are ordered by score, and the riskiest make that week's
list.  All predictors may list the same number of deals, so that none is better by crying wolf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers, totals, weighted
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, Landmarks

VOLUMES: tuple[int, ...] = (5, 10, 20)
"""Listed deals per 100 open deals and week."""

LEADS_DAYS: tuple[int, ...] = (7, 14, 30)
"""A listing warns if it comes at least so many days before the break-off."""

WINDOW_DAYS = 90
"""A listing earlier than this before the break-off is not its warning."""


def quotas(at: Integers, per_hundred: float) -> Integers:
    """How many deals each week's list holds; what rounding leaves is carried to the next week.

    Args:
        at: (n,) instants of the landmarks, ascending.
        per_hundred: listed deals per 100 open ones, 0 to 100.

    Returns:
        (weeks,) numbers that sum to the rounded share of all landmarks.
    """
    open_deals = np.unique(at, return_counts=True)[1]
    target = np.floor(np.cumsum(open_deals) * per_hundred / 100 + 0.5)
    return np.diff(target, prepend=0).astype(np.int64)


def weekly_counts(at: Integers, listed: Flags) -> Integers:
    """(weeks,) how many deals a given list holds each week."""
    week = np.unique(at, return_inverse=True)[1]
    return totals(week, listed, week.max() + 1).astype(np.int64)


def top(landmarks: Landmarks, score: Floats, per_week: Integers) -> Flags:
    """The riskiest deals of each week.

    Ties go to the deal whose id comes first in byte order: arbitrary, but the same on every
    machine and for every order of rows.

    Args:
        landmarks: the n open deals, ordered.
        score: (n,) higher is more at risk.
        per_week: (weeks,) how many to list.

    Returns:
        (n,) whether the deal is on its week's list.
    """
    start, week = np.unique(landmarks.at, return_index=True, return_inverse=True)[1:]
    order = np.lexsort((landmarks.deal, -score, landmarks.at))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - start[week[order]]
    chosen: Flags = place < per_week[week]
    return chosen


@dataclass(frozen=True)
class Alerts:
    """A predictor's lists over the test part, summed up by deal so that deals can be resampled.

    Attributes:
        broken_off: (b,) indices of the deals that broke off.
        lead: (b,) days from their first listing within the window to the break-off; 0 if they were
            never listed in it.
        listings: (d,) how often the deal was listed.
        judged: (d,) how many of these listings are followed for the precision's whole horizon.
        right: (d,) how many of those came true within it.
    """

    broken_off: Integers
    lead: Floats
    listings: Floats
    judged: Floats
    right: Floats

    def warned(self, lead_days: float, weights: Floats) -> float:
        """Share of the broken-off deals listed at least ``lead_days`` before, by ``weights``.

        Deals whose weight is not known (NaN) are left out.
        """
        w = np.nan_to_num(weights[self.broken_off])
        return _share(weighted(w, self.lead >= lead_days), float(w.sum()))

    def median_lead(self, weights: Floats) -> float:
        """Median days of warning of the deals warned at least :data:`LEADS_DAYS` [0] before."""
        warned = self.lead >= LEADS_DAYS[0]
        return weighted_median(self.lead[warned], weights[self.broken_off[warned]])

    def per_warning(self, weights: Floats) -> float:
        """Listings (deal-weeks) for each deal warned at least :data:`LEADS_DAYS` [0] before."""
        warned = weighted(weights[self.broken_off], self.lead >= LEADS_DAYS[0])
        return _share(weighted(weights, self.listings), warned)

    def precision(self, weights: Floats) -> float:
        """Share of listings whose deal broke off within the horizon, among those followed so long.

        Only listings at least the horizon before the end of observation count, whatever became of
        the deal: counting early ends alone of the later ones would flatter every predictor.
        """
        return _share(weighted(weights, self.right), weighted(weights, self.judged))


def alerts(landmarks: Landmarks, listed: Flags, precision_days: float) -> Alerts:
    """Sum up lists by deal.

    Args:
        landmarks: the n open deals.
        listed: (n,) whether each was on its week's list.
        precision_days: horizon within which a listing must come true to be right.
    """
    size = len(landmarks.deal_ids)
    judged = listed & (landmarks.followed >= precision_days)
    right = judged & landmarks.labels.cases(precision_days)
    broken_off = np.unique(landmarks.deal[landmarks.labels.event == BROKEN_OFF])
    return Alerts(
        broken_off=broken_off,
        lead=_leads(landmarks, listed)[broken_off],
        listings=totals(landmarks.deal, listed, size),
        judged=totals(landmarks.deal, judged, size),
        right=totals(landmarks.deal, right, size),
    )


def _leads(landmarks: Landmarks, listed: Flags) -> Floats:
    lead, days = np.zeros(len(landmarks.deal_ids)), landmarks.labels.days
    hits = listed & landmarks.labels.cases(WINDOW_DAYS)
    np.maximum.at(lead, landmarks.deal[hits], days[hits])
    return lead


def weighted_median(values: Floats, weights: Floats) -> float:
    """The value at which half the weight is reached (mean of two if exactly half); NaN if none."""
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    if not len(order):
        return float("nan")
    reached = np.cumsum(weights[order])
    half = reached[-1] / 2
    low, high = np.searchsorted(reached, half, "left"), np.searchsorted(reached, half, "right")
    return float((values[order[low]] + values[order[high]]) / 2)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")
