"""Models whose list is ordered by a window of their risk: Tsunagu's own, and its nearest rival."""

from __future__ import annotations

from dataclasses import dataclass

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.baselines import StageRate
from tsunagu.analytics.evaluation.predictor import ProbabilityPredictor
from tsunagu.analytics.evaluation.ranking import InWindow, Window, best_window
from tsunagu.analytics.risk import RiskModel


@dataclass(frozen=True)
class RiskPredictor:
    """Fits :class:`tsunagu.analytics.risk.RiskModel`; lists deals by their risk in a window.

    Args:
        window: whose risk orders the list; default: chosen on the training log by
            :func:`tsunagu.analytics.evaluation.ranking.best_window`.
        name: the row's label.
    """

    window: Window | None = None
    name: str = "tsunagu"

    def fit(self, log: EventLog, *, seed: int) -> InWindow:
        """Fit the model on a training log."""

        def fitted(known: EventLog) -> RiskModel:
            return RiskModel.fit(known, seed=seed)

        window = best_window(log, fitted) if self.window is None else self.window
        return InWindow(fitted(log), window)


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
