"""What has drifted since a model was fitted: its features, its calibration, the volume of facts.

Each measure has a threshold on the size that matters in practice, and is told only where chance
is no explanation for it and enough was seen; so a quiet team gets no alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tsunagu.analytics.lifecycle.reference import Floats, Reference, numbers

Integers = npt.NDArray[np.int64]

SHIFTED = 0.25
"""Population stability index from which a distribution counts as shifted (Siddiqi 2006, Credit
Risk Scorecards, chapter 9: below 0.1 stable, above 0.25 a major shift)."""

LEAST_DEALS = 50
CHANCE = 0.001
"""How often a steady feature is called shifted by chance alone."""

LEAST_EXPECTED = 10.0
"""Fewer expected break-offs than this say nothing about calibration."""

OFF_BY = 1.25
"""Break-offs may be so many times more, or fewer, than expected."""

LEAST_USUAL = 10.0
LEAST_WORKDAYS = 3
USUAL_WEEKS = 12
VOLUME_RATIO = 2.0
"""A week with half, or twice, the usual number a business day is told."""

_SMOOTH = 0.5
_Z = 3.29
"""Half the width of a 99.9% interval in standard errors: it is looked at every night."""


@dataclass(frozen=True)
class Reading:
    """One measure of drift.

    Attributes:
        subject: the feature; ``break_offs``; ``deals`` or ``events``.
        value: stability index; observed over expected; this week over the usual one.
        limit: what the value is measured against; the lower limit is its inverse for ratios.
        low: of the value's interval, NaN where it has none.
        high: of the value's interval.
        seen: deals, or counted rows, that it rests on.
        drifted: whether it is to be told.
    """

    subject: str
    value: float
    limit: float
    low: float
    high: float
    seen: int
    drifted: bool


def stability(usual: Sequence[int], now: Sequence[int]) -> float:
    """Population stability index of two histograms with the same bins; 0: the same shares."""
    p, q = (_shares(np.array(counts, dtype=np.float64)) for counts in (usual, now))
    return float(np.sum((q - p) * np.log(q / p)))


def _shares(counts: Floats) -> Floats:
    smooth: Floats = (counts + _SMOOTH) / (counts.sum() + _SMOOTH * len(counts))
    return smooth


def limit(bins: int, usual: int, now: int) -> float:
    """From which index on a shift is told, with so many bins and so many deals on each side.

    Without a shift the index times ``1 / (1/usual + 1/now)`` is chi-squared with ``bins - 1``
    degrees of freedom (Yurdakul 2018, Statistical Properties of Population Stability Index).
    Deals count, not landmarks: a deal's landmarks are not independent.
    """
    from scipy.stats import chi2

    noise = float(chi2.isf(CHANCE, max(bins - 1, 1)))
    return max(SHIFTED, (1 / max(usual, 1) + 1 / max(now, 1)) * noise)


def features(usual: Reference, table: pa.Table) -> list[Reading]:
    """How far each feature's distribution in ``table`` is from the usual one, farthest first.

    Args:
        usual: of the year before the fit.
        table: ``deal_id`` and the features, of the open deals of late.
    """
    deals = len(table["deal_id"].unique())
    enough = min(deals, usual.deals) >= LEAST_DEALS
    found = []
    for name, bins in usual.bins.items():
        index = stability(bins.counts, bins.count(numbers(table, name)))
        most = limit(len(bins.counts), usual.deals, deals)
        shifted = enough and index > most
        found.append(Reading(name, index, most, float("nan"), float("nan"), deals, shifted))
    return sorted(found, key=lambda reading: -reading.value)


def calibration(expected: Floats, broke_off: npt.NDArray[np.bool_], deal: Integers) -> Reading:
    """Break-offs that came against those that were expected, over the same predictions.

    Hand in only predictions whose horizon has passed: else what is still to come would count as
    not having happened.  The interval is robust to a deal's predictions sharing one fate (Liang
    and Zeger 1986, Biometrika 73): their residuals are summed before they are squared.

    Args:
        expected: (n,) the probability that was given.
        broke_off: (n,) whether the deal broke off within the horizon.
        deal: (n,) the prediction's deal, numbered from 0.
    """
    deals = int(deal.max()) + 1 if len(deal) else 0
    foreseen, came = np.bincount(deal, expected, deals), np.bincount(deal, broke_off, deals)
    total = float(foreseen.sum())
    if total < LEAST_EXPECTED:
        nothing = float("nan")
        return Reading("break_offs", nothing, OFF_BY, nothing, nothing, deals, False)
    value = float(came.sum()) / total
    # Where few came, their residuals say too little: at least what the forecast itself implies.
    implied = foreseen * (np.bincount(deal, minlength=deals) - foreseen)
    spread = max(np.square(came - foreseen).sum(), implied.sum())
    error = _Z * float(np.sqrt(spread)) / total
    low, high = max(value - error, 0.0), value + error
    far = value > OFF_BY or value < 1 / OFF_BY
    off = far and not low <= 1 <= high
    return Reading("break_offs", value, OFF_BY, low, high, deals, off)


def volume(subject: str, counts: Sequence[int], workdays: Sequence[int]) -> Reading:
    """The last week's number a business day against the median of the weeks before it.

    Args:
        subject: what is counted.
        counts: by week, oldest first, all of them over.
        workdays: of these weeks; holiday weeks (fewer than three) are never told, nor usual.
    """
    rates = [c / d for c, d in zip(counts, workdays, strict=True) if d >= LEAST_WORKDAYS]
    nan = float("nan")
    if not counts or workdays[-1] < LEAST_WORKDAYS or len(rates) <= USUAL_WEEKS // 2:
        return Reading(subject, nan, VOLUME_RATIO, nan, nan, 0, False)
    usual = float(np.median(rates[-USUAL_WEEKS - 1 : -1]))
    foreseen = usual * workdays[-1]
    value = counts[-1] / foreseen if foreseen else nan
    far = value >= VOLUME_RATIO or value <= 1 / VOLUME_RATIO
    chance = abs(counts[-1] - foreseen) <= 3 * np.sqrt(max(foreseen, 1.0))
    told = foreseen >= LEAST_USUAL and far and not chance
    return Reading(subject, value, VOLUME_RATIO, nan, nan, counts[-1], bool(told))


def as_rows(readings: Sequence[Reading]) -> list[Mapping[str, object]]:
    """As JSON; NaN becomes None."""
    return [
        {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in vars(r).items()}
        for r in readings
    ]
