"""Definitions written out deal by deal, to check quick sums against."""

from __future__ import annotations

from tsunagu.analytics.evaluation.labels import CENSORED, Labels


def followed_slowly(labels: Labels, moment: float, *, just_before: bool) -> float:
    """Reverse Kaplan-Meier by its definition, deal by deal."""
    share = 1.0
    for time in sorted(set(labels.days)):
        if time > moment or (just_before and time == moment):
            break
        lost = sum((labels.days == time) & (labels.event == CENSORED))
        at_risk = sum(labels.days > time) + lost
        share *= 1 - lost / at_risk if at_risk else 1
    return share
