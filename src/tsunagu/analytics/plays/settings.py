"""What can be set about the effects of plays, with its reasons."""

from __future__ import annotations

from dataclasses import asdict, dataclass

NO_PLAY = "none"
"""The play of a case that was answered without one."""


@dataclass(frozen=True)
class Settings:
    """Numbers behind the estimate and the rule of "too early to say".

    Attributes:
        horizon_days: a case counts as resumed if it was within so many days of its response's
            beginning, and counts at all once they are over: quick cases are not counted first.
        folds: parts of the cross-fitting.
        least_propensity: a play that was chosen less often than this for cases such as one is
            weighed as if at this rate, and the case counts as outside the overlap.
        least_effective: fewer cases, by effective number, say nothing yet.
        widest: neither does a 95% interval of the chance that is wider.
        least_overlap: neither does a play that was hardly ever tried on a larger part of the cases.
        draws: of the posterior.
    """

    horizon_days: int = 60
    folds: int = 5
    least_propensity: float = 0.02
    least_effective: float = 10.0
    widest: float = 0.4
    least_overlap: float = 0.5
    draws: int = 4_000

    def as_dict(self) -> dict[str, float]:
        """Names and values, for JSON."""
        return asdict(self)
