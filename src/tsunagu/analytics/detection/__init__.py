"""Signals of interruption from the event log: dated, measured, in words, as of a time."""

from tsunagu.analytics.detection.detecting import detect, detect_over, look_once, next_look
from tsunagu.analytics.detection.feedback import (
    Decision,
    Precision,
    learn_from_dismissals,
    precision_by_kind,
)
from tsunagu.analytics.detection.fitting import fit_thresholds
from tsunagu.analytics.detection.phrases import NAMES
from tsunagu.analytics.detection.thresholds import Threshold, Thresholds
from tsunagu.analytics.detection.wording import signals

__all__ = [
    "NAMES",
    "Decision",
    "Precision",
    "Threshold",
    "Thresholds",
    "detect",
    "detect_over",
    "fit_thresholds",
    "learn_from_dismissals",
    "look_once",
    "next_look",
    "precision_by_kind",
    "signals",
]
