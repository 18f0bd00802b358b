"""Models whose list is ordered by a window of their risk: Tsunagu's own, and its nearest rival."""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.backends.mapping import lies_on_executors
from tsunagu.analytics.contracts import EventLog, Progress
from tsunagu.analytics.evaluation.baselines import StageRate
from tsunagu.analytics.evaluation.early_warning import LEADS_DAYS
from tsunagu.analytics.evaluation.once import once_per_log
from tsunagu.analytics.evaluation.predictor import ProbabilityPredictor
from tsunagu.analytics.evaluation.ranking import InWindow, best_window, best_windows
from tsunagu.analytics.risk import RiskModel, Settings, Window
from tsunagu.analytics.risk.model import DEFAULTS
from tsunagu.analytics.risk.sampling import brought_here, some_deals
from tsunagu.analytics.risk.window import window_for

MOST_DEALS_ORDERED = 50_000
"""The order of lists is chosen on at most about so many deals."""


def fit_in_order(
    log: EventLog,
    *,
    seed: int = 0,
    settings: Settings = DEFAULTS,
    progress: Progress | None = None,
) -> RiskModel:
    """Fit a :class:`RiskModel`, and choose on the same log the windows that order its lists.

    Args:
        log: as it stood when the model is made; hand in ``log.until(t)``.
        seed: the same log and seed give the same model.
        settings: of the model.  Where it learns from a share of the landmarks, or on a cluster, the
            order is chosen on some whole deals, in this process: lists are of deals.
        progress: told of each step; may raise to stop.
    """
    model = RiskModel.fit(log, settings=settings, seed=seed, progress=progress)
    whole = settings.share >= 1 and not lies_on_executors(log.events)
    ordered = log if whole else brought_here(some_deals(log, MOST_DEALS_ORDERED))
    return replace(model, windows=chosen_windows(ordered, seed))


@dataclass(frozen=True)
class RiskPredictor:
    """Tsunagu's risk model, kept up to date; lists deals by their risk in a window.

    Args:
        window: whose risk orders the list; default: the one that :func:`fit_in_order` chooses on
            the training log, as the product does.
        name: the row's label.
        lead: days of warning that the list is meant for.
    """

    window: Window | None = None
    name: str = "tsunagu"
    lead: int = LEADS_DAYS[0]

    def fit(self, log: EventLog, *, seed: int) -> InWindow:
        """Fit the model on a training log; predictors that differ in the window only share it."""
        window = self.window or window_for(chosen_windows(log, seed), self.lead)
        return InWindow(fitted_risk(log, seed), window)


@once_per_log
def chosen_windows(log: EventLog, seed: int) -> dict[int, Window]:
    """The windows of a training log, by days of warning."""
    return best_windows(log, lambda known: UpToDate(RiskModel.fit(known, seed=seed)))


@dataclass(frozen=True)
class UpToDate:
    """A model whose level of each end follows the log, as a team's does that is fitted weekly."""

    model: RiskModel

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """The model's score table."""
        return self.model.score_in_time(log, snapshots)


@once_per_log
def fitted_risk(log: EventLog, seed: int) -> RememberedScores:
    """The risk model of a training log, shared by all predictors that use it."""
    return RememberedScores(UpToDate(RiskModel.fit(log, seed=seed)))


class RememberedScores:
    """A model that keeps its last score table, for predictors that ask for the same one."""

    def __init__(self, model: UpToDate) -> None:
        self._model = model
        self._asked: tuple[EventLog, ir.Table] | None = None
        self._scores = pa.table({})

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """The model's score table."""
        asked = self._asked
        if asked is None or asked[0] is not log or asked[1] is not snapshots:
            self._scores = self._model.score(log, snapshots)
            self._asked = (log, snapshots)
        return self._scores


@dataclass(frozen=True)
class WindowedStageRate:
    """The plain rate by stage, its list ordered by a window chosen in the same way as ours.

    It tells how much of the model's early warning is owed to the order alone.
    """

    name: str = "stage_rate_window"

    def fit(self, log: EventLog, *, seed: int) -> InWindow:
        """Fit the rates on a training log."""

        def fitted(known: EventLog) -> ProbabilityPredictor:
            return StageRate().fit(known, seed=seed)

        return InWindow(fitted(log), best_window(log, fitted))
