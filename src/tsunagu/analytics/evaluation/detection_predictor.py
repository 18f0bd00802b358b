"""Detection as a predictor: deals listed by a weighing of their signals' strengths.

The weights, the thresholds and the order of the list are all learnt from the training part; the
risks that enter the weighing there are out of sample, from a model of the part's own first share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog, SignalKind
from tsunagu.analytics.detection.detecting import View, instants, look
from tsunagu.analytics.detection.fitting import fit_thresholds
from tsunagu.analytics.detection.thresholds import Thresholds
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.arrays import Flags, Floats
from tsunagu.analytics.evaluation.labels import CENSORED, Labels, in_order, label
from tsunagu.analytics.evaluation.once import once_per_log
from tsunagu.analytics.evaluation.ranking import WINDOWS, mean_warned
from tsunagu.analytics.evaluation.risk_predictor import fitted_risk
from tsunagu.analytics.evaluation.splitting import default_cut, snapshots_after
from tsunagu.analytics.risk import RiskModel, Window

INNER_SHARE = 0.6
"""Share of the training part's outcomes from which the inner risk model learns."""

_RISKS = (SignalKind.RISK_HIGH, SignalKind.RISK_RISING)
_FLOOR = 1e-4


@dataclass(frozen=True)
class Learnt:
    """What both predictors share.

    Attributes:
        thresholds: of the signals.
        log: the training log from the inner cut on, with its landmarks and their risks.
    """

    thresholds: Thresholds
    snapshots: ir.Table
    scores: pa.Table
    window: Window
    labels: Labels


@once_per_log
def learnt_from(log: EventLog, seed: int) -> Learnt:
    """Thresholds, order and labels of the second share of a training log.

    Raises:
        NotEnoughHistoryError: if too little is left after the inner cut.
    """
    cut = default_cut(log, INNER_SHARE)
    snapshots = snapshots_after(log, cut)
    landmarks = label(log, snapshots)
    if not len(landmarks):
        raise NotEnoughHistoryError(
            "No deal of the training part is open after its inner cut.",
            remedy="Cut later, or read a longer log.",
        )
    scores = in_order(RiskModel.fit(log.until(cut), seed=seed).score(log, snapshots))
    window = max(WINDOWS, key=lambda w: mean_warned(landmarks, w.risk(scores)))
    thresholds = fit_thresholds(log, scores=scores)
    return Learnt(thresholds, snapshots, scores, window, landmarks.labels)


@dataclass(frozen=True)
class FittedDetection:
    """A weighing of signals.

    Attributes:
        thresholds: of the signals.
        model: a fitted logistic regression.
        risk: the risk model of the whole training part; None: signals alone.
        window: whose risk enters the weighing.
    """

    thresholds: Thresholds
    model: Any
    risk: Any
    window: Window

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``score``: log-odds of breaking off in the window."""
        scores = None if self.risk is None else in_order(self.risk.score(log, snapshots))
        keys, columns = strengths(log, snapshots, self.thresholds, scores, self.window)
        return keys.append_column("score", pa.array(self.model.decision_function(columns)))


@dataclass(frozen=True)
class DetectionPredictor:
    """Lists deals by their signals, with or without the risk model among them."""

    with_risk: bool = True

    @property
    def name(self) -> str:
        """The row's label."""
        return "detection" if self.with_risk else "detection_signals"

    def fit(self, log: EventLog, *, seed: int) -> FittedDetection:
        """Weigh the signals of a training log.

        Raises:
            NotEnoughHistoryError: if no deal, or every deal, broke off after the inner cut.
        """
        learnt = learnt_from(log, seed)
        scores = learnt.scores if self.with_risk else None
        _, columns = strengths(log, learnt.snapshots, learnt.thresholds, scores, learnt.window)
        model = _weigh(columns, *_outcomes(learnt))
        risk = fitted_risk(log, seed) if self.with_risk else None
        return FittedDetection(learnt.thresholds, model, risk, learnt.window)


def _outcomes(learnt: Learnt) -> tuple[Flags, Flags]:
    """(n,) which landmarks broke off in the window, and of which that is known."""
    labels, window = learnt.labels, learnt.window
    broke = labels.cases(window.until) & (labels.days > window.after)
    return broke, (labels.event != CENSORED) | (labels.days >= window.until)


def _weigh(columns: Floats, broke: Flags, known: Flags) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if len(np.unique(broke[known])) < 2:
        raise NotEnoughHistoryError(
            "No deal broke off after the inner cut, so signals cannot be weighed.",
            remedy="Cut later, or check which outcomes the mapping calls broken off.",
        )
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1_000))
    return model.fit(columns[known], broke[known])


def strengths(
    log: EventLog,
    snapshots: ir.Table,
    thresholds: Thresholds,
    scores: pa.Table | None,
    window: Window,
) -> tuple[pa.Table, Floats]:
    """``deal_id, at`` of the landmarks in their order, and their signals' strengths in columns.

    With ``scores``, in the landmarks' order, the log-odds of the window's risk come last.
    """
    views = list(look(log, snapshots, thresholds, scores=scores))
    kept = [v for v in views if scores is not None or v.kind not in _RISKS]
    place, keys = in_landmark_order(kept[0])
    columns = [view.strength[place] for view in kept]
    if scores is not None:
        risk = np.clip(window.risk(scores), _FLOOR, 1 - _FLOOR)
        columns.append(np.log(risk / (1 - risk)))
    return keys, np.column_stack(columns)


def in_landmark_order(view: View) -> tuple[np.ndarray, pa.Table]:
    """Where each landmark, by time and deal, stands among a view's looks; and their keys."""
    keys = view.facts.keys.append_column("at", instants(view.facts.look))
    numbered = keys.append_column("place", pa.array(np.arange(len(keys))))
    ordered = in_order(numbered)
    return ordered["place"].to_numpy(), ordered.select(["deal_id", "at"])
