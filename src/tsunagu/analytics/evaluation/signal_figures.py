"""How good each kind of signal is by itself: precision, lift and lead time after the cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir
import numpy as np

from tsunagu.analytics.contracts import EventLog, Progress, SignalKind
from tsunagu.analytics.detection.detecting import View, look
from tsunagu.analytics.evaluation.arrays import Flags, Floats, totals
from tsunagu.analytics.evaluation.backtest import evaluate
from tsunagu.analytics.evaluation.baselines import BottleCrmRotting, Clock, RottingRule
from tsunagu.analytics.evaluation.detection_predictor import (
    DetectionPredictor,
    FittedDetection,
    in_landmark_order,
)
from tsunagu.analytics.evaluation.early_warning import LEADS_DAYS, WINDOW_DAYS
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, Landmarks, in_order, label
from tsunagu.analytics.evaluation.predictor import Baseline
from tsunagu.analytics.evaluation.results import Evaluation, Figure
from tsunagu.analytics.evaluation.risk_predictor import RiskPredictor
from tsunagu.analytics.evaluation.splitting import snapshots_after
from tsunagu.analytics.risk.window import DEFAULT_WINDOW

PRECISION_DAYS = 30
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class SignalFigures:
    """One kind after the cut, at the threshold learnt before it.

    Attributes:
        kind: of the signals.
        cut: the learnt threshold, in the kind's own unit.
        new: signals first raised in the test part.
        per_hundred: of them, per 100 open deals and week.
        precision: share of those followed for :data:`PRECISION_DAYS` whose deal broke off within
            them.
        lift: precision over the base rate, the same share of all open deals' landmarks.
        warned: share of the deals that broke off that had one at least 7 days before, and at most
            90.
        median_lead: days from the first one of the last 90 days to the break-off; NaN if none.
    """

    kind: SignalKind
    cut: float
    new: int
    per_hundred: float
    precision: Figure
    lift: Figure
    warned: float
    median_lead: float


@dataclass(frozen=True)
class DetectionEvaluation:
    """Each signal by itself, and all of them together beside rules and the risk model.

    Attributes:
        signals: the kinds that spoke at all, best lift first.
        silent: the kinds that did not.
        base_rate: share of landmarks whose deal broke off within :data:`PRECISION_DAYS`.
        evaluation: of detection and its rivals at equal alert volume.
    """

    signals: tuple[SignalFigures, ...]
    silent: tuple[SignalKind, ...]
    base_rate: float
    evaluation: Evaluation

    def to_dict(self) -> dict[str, Any]:
        """Only dicts, lists, strings, numbers and None: ready for JSON."""
        return {
            **self.evaluation.to_dict(),
            "base_rate": self.base_rate,
            "signals": [_plain(asdict(figures)) for figures in self.signals],
            "silent": [kind.value for kind in self.silent],
        }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    def known(value: Any) -> Any:
        if isinstance(value, dict):
            return _plain(value)
        return None if isinstance(value, float) and not np.isfinite(value) else value

    return {name: known(value) for name, value in values.items()}


class Kept:
    """Detection that keeps what it has learnt, so that its signals are judged with the same."""

    name = DetectionPredictor().name

    def __init__(self) -> None:
        self.fitted: FittedDetection | None = None

    def fit(self, log: EventLog, *, seed: int) -> FittedDetection:
        """As :meth:`DetectionPredictor.fit`."""
        self.fitted = DetectionPredictor().fit(log, seed=seed)
        return self.fitted


def detection_predictors(detection: Baseline) -> Sequence[Baseline]:
    """Detection with and without the risk model, that model alone, and the rotting rules."""
    return (
        detection,
        DetectionPredictor(with_risk=False),
        RiskPredictor(),
        RiskPredictor(DEFAULT_WINDOW, "tsunagu_30"),
        *(RottingRule(clock, per_stage=each) for clock in Clock for each in (False, True)),
        BottleCrmRotting(),
    )


def evaluate_detection(  # noqa: PLR0913 - as ``evaluate``
    log: EventLog,
    *,
    cut: datetime | None = None,
    train_share: float = 0.7,
    seed: int = 0,
    bootstrap: int = 200,
    progress: Progress | None = None,
) -> DetectionEvaluation:
    """Judge detection on the weeks after a cut; thresholds and weights are learnt before it.

    Arguments and errors as for :func:`evaluate`.
    """
    kept = Kept()
    evaluation = evaluate(
        log,
        cut=cut,
        train_share=train_share,
        predictors=detection_predictors(kept),
        seed=seed,
        bootstrap=bootstrap,
        progress=progress,
    )
    assert kept.fitted is not None  # noqa: S101 - evaluate has fitted it, or has raised
    snapshots = snapshots_after(log, evaluation.cut)
    judge = _Judge(label(log, snapshots), np.random.default_rng(seed), bootstrap)
    figures = [judge.figures(view) for view in _views(kept.fitted, log, snapshots)]
    spoke = [f for f in figures if f.new]
    spoke.sort(key=lambda f: (-np.nan_to_num(f.lift.value), f.kind.value))
    silent = tuple(f.kind for f in figures if not f.new)
    return DetectionEvaluation(tuple(spoke), silent, judge.base_rate(), evaluation)


def _views(fitted: FittedDetection, log: EventLog, snapshots: ir.Table) -> list[View]:
    scores = in_order(fitted.risk.score(log, snapshots))
    return list(look(log, snapshots, fitted.thresholds, scores=scores))


@dataclass(frozen=True)
class _Judge:
    landmarks: Landmarks
    rng: np.random.Generator
    bootstrap: int

    def base_rate(self) -> float:
        """Share of followed landmarks that broke off."""
        followed, right = self._followed(), self._right()
        return float(right.sum() / followed.sum()) if followed.any() else float("nan")

    def figures(self, view: View) -> SignalFigures:
        """The figures of one kind."""
        place, _ = in_landmark_order(view)
        raised, at = view.raised[place], view.at[place]
        new = _new(self.landmarks, raised, at)
        precision, lift = self._precision(new)
        warned, lead = self._leads(raised)
        return SignalFigures(
            kind=view.kind,
            cut=view.threshold.cut,
            new=int(new.sum()),
            per_hundred=float(100 * new.sum() / len(self.landmarks)),
            precision=precision,
            lift=lift,
            warned=warned,
            median_lead=lead,
        )

    def _followed(self) -> Flags:
        followed: Flags = self.landmarks.followed >= PRECISION_DAYS
        return followed

    def _right(self) -> Flags:
        return self._followed() & self.landmarks.labels.cases(PRECISION_DAYS)

    def _precision(self, new: Flags) -> tuple[Figure, Figure]:
        """With intervals over resampled deals."""
        marks = self.landmarks
        size = len(marks.deal_ids)
        followed, right = self._followed(), self._right()
        sums = [
            totals(marks.deal, flags, size)
            for flags in (new & followed, new & right, followed, right)
        ]
        draws = self.rng.multinomial(size, np.full(size, 1 / size), self.bootstrap)
        with np.errstate(invalid="ignore", divide="ignore"):
            point = _shares(np.ones((1, size)), sums)
            spread = _shares(draws.astype(np.float64), sums)
            return _figure(point[0], spread[0]), _figure(point[1], spread[1])

    def _leads(self, raised: Flags) -> tuple[float, float]:
        """Share of broken-off deals warned of in time, and the median lead in days."""
        marks = self.landmarks
        lead = np.zeros(len(marks.deal_ids))
        hits = raised & marks.labels.cases(WINDOW_DAYS)
        np.maximum.at(lead, marks.deal[hits], marks.labels.days[hits])
        broken = np.unique(marks.deal[marks.labels.event == BROKEN_OFF])
        leads = lead[broken]
        if not len(leads):
            return float("nan"), float("nan")
        spoken = leads[leads > 0]
        median = float(np.median(spoken)) if len(spoken) else float("nan")
        return float(np.mean(leads >= LEADS_DAYS[0])), median


def _shares(weights: Floats, sums: list[Floats]) -> tuple[Floats, Floats]:
    """Precision and lift by replicate."""
    judged, right, followed, broke = (weights @ column for column in sums)
    precision = right / judged
    return precision, precision / (broke / followed)


def _figure(point: Floats, spread: Floats) -> Figure:
    known = spread[np.isfinite(spread)]
    if not len(known) or not np.isfinite(point[0]):
        return Figure(float(point[0]), float("nan"), float("nan"))
    low, high = np.percentile(known, _INTERVAL)
    return Figure(float(point[0]), float(low), float(high))


def _new(landmarks: Landmarks, raised: Flags, at: Floats) -> Flags:
    """(n,) raised, and not the same signal as at the deal's landmark before."""
    order = np.lexsort((landmarks.at, landmarks.deal))
    deal, r, a = landmarks.deal[order], raised[order], at[order]
    same = np.zeros(len(r), dtype=bool)
    same[1:] = (deal[1:] == deal[:-1]) & r[:-1] & (a[1:] == a[:-1])
    new = np.zeros(len(r), dtype=bool)
    new[order] = r & ~same
    return new
