"""Partial pooling: few outcomes move the prior a little, many move it altogether."""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.periods import CAUSES, INTERVALS, PersonPeriods


def pooled_ratios(rows: PersonPeriods, prior: Floats, prior_events: float) -> Floats:
    """How much more often than the prior says each cause happens here, by interval.

    Gamma-Poisson: the ratio has a Gamma(m, m) prior of mean 1, worth ``m = prior_events``
    expected events, so its posterior mean is ``(observed + m) / (expected + m)`` (Gelman et al.,
    Bayesian Data Analysis, 3rd ed., section 2.6).  First for each cause over all intervals, then
    for each interval around its cause.

    Args:
        rows: person-periods to learn from.
        prior: the prior's hazards of the rows, shape (len(rows), causes).
        prior_events: m.

    Returns:
        Ratios to multiply the prior's hazards with, shape (intervals, causes).
    """
    observed, expected = _tallies(rows, prior)
    cause = (observed.sum(axis=0) + prior_events) / (expected.sum(axis=0) + prior_events)
    around = (observed + prior_events) / (expected * cause + prior_events)
    ratios: Floats = around * cause
    return ratios


def _tallies(rows: PersonPeriods, prior: Floats) -> tuple[Floats, Floats]:
    """Observed and expected events; weekly landmarks see one event width / 7 times."""
    once = rows.once()
    observed = np.zeros((INTERVALS, len(CAUSES)))
    expected = np.zeros((INTERVALS, len(CAUSES)))
    np.add.at(expected, rows.interval, prior * once[:, None])
    events = rows.label > 0
    np.add.at(observed, (rows.interval[events], rows.label[events] - 1), once[events])
    return observed, expected


def trees_weight(break_offs: int, kappa: float) -> float:
    """Weight of the trees against the prior scorecard, ``n / (n + kappa)``."""
    return break_offs / (break_offs + kappa) if break_offs else 0.0


def blend(prior: Floats, trees: Floats, weight: float) -> Floats:
    """Hazards between the prior's and the trees', linear in the log-odds against carrying on."""
    mixed = (1.0 - weight) * hz.to_log_odds(prior) + weight * hz.to_log_odds(trees)
    return hz.from_log_odds(mixed)
