"""Calibration: of the deals given 20%, do 20% break off?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers, ratio, totals, weighted
from tsunagu.analytics.evaluation.censoring import CensoringWeights
from tsunagu.analytics.evaluation.labels import Labels

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Predicted against observed share per bin of about equally many landmarks.

    Attributes:
        predicted: (b,) mean probability.
        observed: (b,) share that broke off, weighted for censoring; NaN if all are censored.
        landmarks: (b,) how many landmarks (with repeats).
    """

    predicted: Floats
    observed: Floats
    landmarks: Floats

    @property
    def ece(self) -> float:
        """Expected calibration error: mean distance of predicted and observed by landmarks.

        Naeini, Cooper and Hauskrecht (2015), AAAI, section "Calibration metrics", on quantile
        bins.  Noise within bins makes it positive even for a perfectly calibrated model.
        """
        known = np.isfinite(self.observed)
        shares = self.landmarks[known]
        gaps = np.abs(self.predicted - self.observed)[known]
        return weighted(shares, gaps) / float(shares.sum()) if shares.sum() > 0 else float("nan")


def reliability(probability: Floats, labels: Labels, horizon_days: int) -> Reliability:
    """Reliability curve at one horizon in :data:`BINS` quantile bins.

    The observed share is inverse-probability-of-censoring weighted and normalised within the bin
    (Gerds, Andersen and Kattan 2014, Statistics in Medicine 33, section 4).

    Args:
        probability: (n,) of breaking off within the horizon.
        labels: what became of the n landmarks.
        horizon_days: the horizon.
    """
    weights = CensoringWeights(labels).at(horizon_days)
    once = np.ones(len(probability))
    return binned(bins(probability), probability, labels.cases(horizon_days), weights, once)


def bins(probability: Floats) -> Integers:
    """(n,) quantile bin of each probability; equal ones share a bin, so there may be fewer."""
    inner = np.quantile(probability, np.linspace(0, 1, BINS + 1)[1:-1])
    place = np.searchsorted(np.unique(inner), probability, side="left")
    return np.unique(place, return_inverse=True)[1].astype(np.int64)


def binned(
    bin_of: Integers, probability: Floats, cases: Flags, weights: Floats, repeats: Floats
) -> Reliability:
    """The curve for given bins, censoring weights and repeats, each (n,)."""
    size = int(bin_of.max()) + 1 if len(bin_of) else 0
    count = totals(bin_of, repeats, size)
    predicted = ratio(totals(bin_of, repeats * probability, size), count, empty=np.nan)
    broken_off, known = totals(bin_of, weights * cases, size), totals(bin_of, weights, size)
    return Reliability(predicted, ratio(broken_off, known, empty=np.nan), count)
