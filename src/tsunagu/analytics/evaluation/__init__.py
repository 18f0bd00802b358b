"""Honest evaluation on a time-ordered split, with baselines beside it."""

from tsunagu.analytics.evaluation.backtest import default_predictors, evaluate
from tsunagu.analytics.evaluation.names import OURS
from tsunagu.analytics.evaluation.report import as_rows, native_rows, ordered
from tsunagu.analytics.evaluation.results import Evaluation, Figure, Performance

__all__ = [
    "OURS",
    "Evaluation",
    "Figure",
    "Performance",
    "as_rows",
    "default_predictors",
    "evaluate",
    "native_rows",
    "ordered",
]
