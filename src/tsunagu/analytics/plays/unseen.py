"""How far effects may be off for want of what nobody wrote down about how hard the cases were.

A sensitivity analysis by belief (Greenland, Journal of the Royal Statistical Society A 168,
2005).  Let hardness move the log-odds of resuming by ``slope``, and lie ``tilt`` above the mean
where a play was chosen, both for each standard deviation of a grade.  Then the play's own log-odds
are off by slope x tilt, less what is lost by averaging chances (Zeger, Liang and Albert, Biometrics
44, 1988).  What of it is left depends on the grades: none of it is adjusted for where nobody
graded, and where somebody did, only as much as a grade tells of what it stands for.

Slopes and tilts are learned from the graded cases.  Where those are few or none, beliefs remain:
half a standard deviation between plays, one on the log-odds of resuming (Settings).  So intervals
are wide where cases are not graded, and estimates move the way the grades point where they are.
"""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.plays.cases import Bools, Floats, Settled
from tsunagu.analytics.plays.settings import Settings

_AVERAGED = 0.346  # (16 sqrt(3) / (15 pi)) ** 2


def unseen(cases: Settled, settings: Settings, seed: int) -> Floats:
    """Draws of what each play's log-odds are too high by.  Shape (plays, draws)."""
    rng, draws = np.random.default_rng(seed), settings.draws
    graded = np.isfinite(cases.grade)
    slope = rng.normal(*_slope(cases, graded, settings.unseen_slope), draws)
    mean, spread = _tilts(cases, graded, settings.unseen_tilt)
    tilt = mean[:, None] + spread[:, None] * rng.normal(size=(len(cases.plays), draws))
    tilt -= np.average(tilt, axis=0, weights=np.bincount(cases.play, minlength=len(cases.plays)))
    told = rng.uniform(settings.least_reliable, 1, draws)
    left = 1 / told - graded.mean()
    off: Floats = left * tilt * slope / np.sqrt(1 + _AVERAGED * slope**2)
    return off


def shifted(chances: Floats, off: Floats) -> Floats:
    """Chances, of shape (plays, causes, draws), without what they are too high by."""
    kept = np.clip(chances, 1e-6, 1 - 1e-6)
    odds = np.log(kept / (1 - kept)) - off[:, None]
    found: Floats = 1 / (1 + np.exp(-odds))
    return found


def _tilts(cases: Settled, graded: Bools, scale: float) -> tuple[Floats, Floats]:
    """How far above its cause's mean grade each play's cases lie: mean and error of the belief."""
    play, cause, grade = cases.play[graded], cases.cause[graded], cases.grade[graded]
    usual = np.bincount(cause, grade, len(cases.causes)) / np.maximum(
        np.bincount(cause, minlength=len(cases.causes)), 1
    )
    count = np.bincount(play, minlength=len(cases.plays)) + 1 / max(scale, 1e-6) ** 2
    mean = np.bincount(play, grade - usual[cause], len(cases.plays)) / count
    return mean, 1 / np.sqrt(count)


def _slope(cases: Settled, graded: Bools, scale: float) -> tuple[float, float]:
    """Of the log-odds of resuming on the grade, play and cause alike: mean and error (Laplace)."""
    from sklearn.linear_model import LogisticRegression

    resumed = cases.resumed[graded]
    if len(np.unique(resumed)) < 2 or scale <= 0:
        return 0.0, scale
    alike = [np.eye(len(cases.plays))[cases.play], np.eye(len(cases.causes))[cases.cause]]
    features = np.column_stack([cases.grade * scale, *alike])[graded]
    model = LogisticRegression(C=1.0, max_iter=300, tol=1e-6).fit(features, resumed)
    chance = model.predict_proba(features)[:, 1]
    bend = (features * (chance * (1 - chance))[:, None]).T @ features + np.eye(features.shape[1])
    error = float(np.sqrt(np.linalg.inv(bend)[0, 0]))
    return scale * float(model.coef_[0, 0]), scale * error
