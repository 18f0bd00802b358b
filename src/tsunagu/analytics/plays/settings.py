"""What can be set about the effects of plays, with its reasons."""

from __future__ import annotations

from dataclasses import asdict, dataclass

NO_PLAY = "none"
"""The play of a case that was answered without one."""


GRADE = "grade"
"""The column of hardness that people's grades are in, where they are known."""


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
        unseen_slope: what is believed of the log-odds of resuming for each standard deviation of a
            grade while there are no grades to learn it from (normal around 0).
        unseen_tilt: what is believed of the mean grade of a play's cases, in standard deviations,
            so long (normal around 0).  0 for either: nothing is unseen.
        least_reliable: at least so much of what varies in a grade is hardness, at most all: half is
            what two people who judge the same agree in (Viswesvaran, Ones and Schmidt, Journal of
            Applied Psychology 81, 1996).
    """

    horizon_days: int = 60
    folds: int = 5
    least_propensity: float = 0.02
    least_effective: float = 10.0
    widest: float = 0.4
    least_overlap: float = 0.5
    draws: int = 4_000
    unseen_slope: float = 1.0
    unseen_tilt: float = 0.5
    least_reliable: float = 0.5

    def as_dict(self) -> dict[str, float]:
        """Names and values, for JSON."""
        return asdict(self)
