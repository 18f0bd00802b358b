"""Honest evaluation on a time-ordered split, with baselines beside it."""

from tsunagu.analytics.evaluation.backtest import default_predictors, evaluate
from tsunagu.analytics.evaluation.names import OURS
from tsunagu.analytics.evaluation.report import as_rows, group_rows, native_rows, ordered
from tsunagu.analytics.evaluation.results import Evaluation, Figure, Performance
from tsunagu.analytics.evaluation.signal_figures import (
    DetectionEvaluation,
    SignalFigures,
    evaluate_detection,
)

__all__ = [
    "OURS",
    "DetectionEvaluation",
    "Evaluation",
    "Figure",
    "Performance",
    "SignalFigures",
    "as_rows",
    "default_predictors",
    "evaluate",
    "evaluate_detection",
    "group_rows",
    "native_rows",
    "ordered",
]
