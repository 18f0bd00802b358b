"""Whether a newly fitted model may take the place of the one in use.

Both have learned from (nearly) everything, so neither can be judged as it is. Each is fitted again
with its own settings and seed on what was known before the newest slice, the champion's twin as
much earlier as the champion itself is older; a champion that has not seen the slice competes as
it is. Both are asked about the same landmarks of the slice, and both follow how often deals end,
as they do in use.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from tsunagu.analytics.contracts import EventLog, Progress
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation import Evaluation, Figure, evaluate
from tsunagu.analytics.evaluation.predictor import Baseline
from tsunagu.analytics.evaluation.ranking import InWindow
from tsunagu.analytics.evaluation.risk_predictor import UpToDate
from tsunagu.analytics.evaluation.splitting import default_cut
from tsunagu.analytics.risk import RiskModel, Settings, Summary

NEWEST = 0.2
"""Share of all outcomes, the newest, on which models are compared."""

LEAST_BREAK_OFFS = 10
"""With fewer deals broken off in the slice nothing can be told: newer facts go first."""

MARGIN = 0.02
"""A model counts as not worse while its integrated Brier score is at most this share higher."""

MEASURE = "ibs"
BOOTSTRAP = 200


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger takes over, and why.

    Attributes:
        promoted: whether it does.
        reason: ``first``, ``too_few``, ``better``, ``not_worse`` or ``worse``.
        difference: challenger's integrated Brier score minus the champion's, in shares of the
            champion's, with its 95% interval over resampled deals; below 0: better.  None where
            nothing was compared.
        break_offs: deals broken off in the slice.
    """

    promoted: bool
    reason: str
    difference: Figure | None
    break_offs: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return vars(self) | {"difference": vars(self.difference) if self.difference else None}


@dataclass(frozen=True)
class Trial:
    """A comparison: what was found, and the verdict.

    Attributes:
        evaluation: the challenger's twin first; None where the history is too short.
        verdict: what follows.
    """

    evaluation: Evaluation | None
    verdict: Verdict


def try_out(
    log: EventLog,
    challenger: RiskModel,
    champion: RiskModel | None,
    *,
    bootstrap: int = BOOTSTRAP,
    progress: Progress | None = None,
) -> Trial:
    """Compare the two on the newest slice of ``log``.

    Without a champion the challenger's twin is measured beside the plain rate by stage, and
    promoted.

    Args:
        log: what the challenger was fitted on.
        challenger: the newly fitted model.
        champion: the one in use.
        bootstrap: how often deals are resampled.
        progress: told of each step; may raise to stop.
    """
    try:
        cut = default_cut(log, 1 - NEWEST)
        found = evaluate(
            log,
            cut=cut,
            predictors=_predictors(challenger, champion, unseen_from=cut),
            bootstrap=bootstrap,
            progress=progress,
        )
    except NotEnoughHistoryError:
        return Trial(None, _unjudged(champion, 0))
    return Trial(found, _verdict(found, champion))


def _predictors(
    challenger: RiskModel, champion: RiskModel | None, unseen_from: Any
) -> tuple[Baseline, Baseline]:
    twin = Twin("challenger", challenger.summary)
    if champion is None:
        from tsunagu.analytics.evaluation.baselines import StageRate

        return twin, StageRate()
    if champion.summary.observed_until <= unseen_from:
        return twin, AsItIs("champion", champion)
    older = challenger.summary.observed_until - champion.summary.observed_until
    return twin, Twin("champion", champion.summary, max(older, timedelta(0)))


@dataclass(frozen=True)
class Twin:
    """A model fitted as another one was: its settings and seed, on what was known ``older``."""

    name: str
    summary: Summary
    older: timedelta = timedelta(0)

    def fit(self, log: EventLog, *, seed: int) -> InWindow:  # noqa: ARG002 - a model has its own
        """Fit it on a training log."""
        known = log.until(log.observed_until - self.older)
        model = refit(known, self.summary)
        return InWindow(UpToDate(model), model.window)


@dataclass(frozen=True)
class AsItIs:
    """A model that has not seen what it is asked about."""

    name: str
    model: RiskModel

    def fit(self, log: EventLog, *, seed: int) -> InWindow:  # noqa: ARG002 - fitted already
        """Itself."""
        return InWindow(UpToDate(self.model), self.model.window)


def refit(log: EventLog, summary: Summary, progress: Progress | None = None) -> RiskModel:
    """Fit on ``log`` with the settings and the seed that ``summary`` tells of.

    Settings that this version of Tsunagu no longer knows are left out.
    """
    known = {field.name for field in fields(Settings)}
    settings = Settings(**{k: v for k, v in summary.settings.items() if k in known})
    return RiskModel.fit(log, settings=settings, seed=summary.seed, progress=progress)


def _verdict(found: Evaluation, champion: RiskModel | None) -> Verdict:
    ours, theirs = found.performances[0], found.performances[-1].figure(MEASURE).value
    against = ours.versus_best.get(MEASURE)
    if champion is None or against is None or found.warnable < LEAST_BREAK_OFFS:
        return _unjudged(champion, found.warnable)
    share = Figure(*(v / theirs for v in vars(against.figure).values()))
    return judge(share, found.warnable)


def _unjudged(champion: RiskModel | None, break_offs: int) -> Verdict:
    return Verdict(True, "first" if champion is None else "too_few", None, break_offs)


def judge(difference: Figure, break_offs: int) -> Verdict:
    """What follows from a difference in shares of the champion's error."""
    better, not_worse = difference.high < 0, difference.value <= MARGIN
    reason = "better" if better else "not_worse" if not_worse else "worse"
    return Verdict(better or not_worse, reason, difference, break_offs)
