"""How often customers speak, and how unlikely the present pause is.

Each customer speaks at a rate of their own; the rates of an organisation's customers follow a gamma
distribution.  Given the gaps seen so far, the time to the next word then has a Lomax (Pareto II)
distribution, whose tail is the probability of a pause as long as the present one, or longer.

Source: the gamma-Poisson part of Ehrenberg's NBD and of Fader, Hardie and Lee's BG/NBD model
("'Counting Your Customers' the Easy Way", Marketing Science 24, 2005), with time in business days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.detection.arrays import Floats, Ints

PRIOR_CUSTOMERS = 20.0
"""The shipped rhythm is worth as much as so many customers of the organisation's own."""

PRIOR_GAPS = 20.0
"""A stage's rhythm is the organisation's until it has about so many gaps."""

SHORTEST_DAYS = 0.5
"""Gaps over days off count as half a business day, so that no rate is infinite."""


@dataclass(frozen=True)
class Rhythm:
    """Rates of two-way contact, per business day.

    Attributes:
        shape: of the gamma distribution of rates; small: customers differ much.
        scale_days: its rate parameter; the mean rate is ``shape / scale_days``.
        stages: by stage, how much more often than usual customers speak in it.
    """

    shape: float
    scale_days: float
    stages: Mapping[str, float]

    def tail(self, gaps: Floats, days: Floats, pause: Floats, stage: Floats) -> Floats:
        """Probability of a pause as long as the present one.

        Args:
            gaps: (n,) complete gaps seen between the customer's words.
            days: (n,) their sum, in business days.
            pause: (n,) business days since the last word.
            stage: (n,) the stage's factor, see :meth:`factors`.
        """
        seen = self._seen(gaps, days, stage)
        probability: Floats = (seen / (seen + pause)) ** (self.shape + gaps)
        return probability

    def usual_gap(self, gaps: Floats, days: Floats, stage: Floats) -> Floats:
        """(n,) business days: the reciprocal of the customer's expected rate."""
        usual: Floats = self._seen(gaps, days, stage) / (self.shape + gaps)
        return usual

    def needed(self, gaps: Floats, days: Floats, stage: Floats, tail: Floats) -> Floats:
        """(n,) the pause at which :meth:`tail` falls to ``tail``: its inverse; never to 0."""
        seen = self._seen(gaps, days, stage)
        with np.errstate(divide="ignore"):
            pause: Floats = seen * (tail ** (-1.0 / (self.shape + gaps)) - 1.0)
        return pause

    def _seen(self, gaps: Floats, days: Floats, stage: Floats) -> Floats:
        """Days that the prior and the customer's own gaps are worth."""
        seen: Floats = self.scale_days / stage + np.maximum(days, gaps * SHORTEST_DAYS)
        return seen

    def factors(self, names: list[str | None]) -> Floats:
        """(n,) the factor of each stage, 1 where it is not known."""
        return np.array([self.stages.get(name, 1.0) if name else 1.0 for name in names])

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {**vars(self), "stages": dict(self.stages)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rhythm:
        """The inverse of :meth:`to_dict`."""
        return cls(data["shape"], data["scale_days"], dict(data["stages"]))


def fit_rhythm(shipped: Rhythm, customers: tuple[Floats, Floats], stages: StageGaps) -> Rhythm:
    """Maximum likelihood over customers, pooled with the shipped rhythm, then stages around it.

    Args:
        shipped: the rhythm before any history.
        customers: gaps (k,) and business days (k,) of each customer's deal, days above 0.
        stages: gaps by the stage they ended in.
    """
    gaps, days = customers
    if not len(gaps):
        return shipped
    shape, scale = _most_likely(gaps, days, start=(shipped.shape, shipped.scale_days))
    weight = len(gaps) / (len(gaps) + PRIOR_CUSTOMERS)
    mean = _between(shape / scale, shipped.shape / shipped.scale_days, weight)
    shape = _between(shape, shipped.shape, weight)
    return Rhythm(shape, shape / mean, stages.factors())


@dataclass(frozen=True)
class StageGaps:
    """Gaps between customers' words by the stage in which they ended.

    Attributes:
        names: of the s stages.
        gaps: (s,) how many.
        days: (s,) their sum in business days.
    """

    names: tuple[str, ...]
    gaps: Ints
    days: Floats

    def factors(self) -> dict[str, float]:
        """Gamma-Poisson: observed over expected, each with :data:`PRIOR_GAPS` added."""
        total = self.days.sum()
        if not total:
            return {}
        expected = self.days * (self.gaps.sum() / total)
        factors = (self.gaps + PRIOR_GAPS) / (expected + PRIOR_GAPS)
        return dict(zip(self.names, factors.tolist(), strict=True))


def _between(own: float, shipped: float, weight: float) -> float:
    return float(np.exp(weight * np.log(own) + (1 - weight) * np.log(shipped)))


def _most_likely(gaps: Floats, days: Floats, start: tuple[float, float]) -> tuple[float, float]:
    """Shape and scale that make the gaps most likely; both kept within sane bounds."""
    from scipy.optimize import minimize
    from scipy.special import gammaln

    def surprise(logs: Floats) -> float:
        a, b = np.exp(logs)
        terms = gammaln(a + gaps) - gammaln(a) + a * np.log(b) - (a + gaps) * np.log(b + days)
        return -float(terms.mean())

    bounds = [(np.log(0.1), np.log(50.0)), (np.log(0.1), np.log(5_000.0))]
    found = minimize(surprise, np.log(np.array(start)), method="L-BFGS-B", bounds=bounds)
    shape, scale = np.exp(found.x)
    return float(shape), float(scale)
