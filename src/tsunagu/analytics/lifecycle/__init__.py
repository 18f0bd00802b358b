"""The life of a fitted model: what it learned from, whether a newer one is better, what drifts."""

from tsunagu.analytics.lifecycle.card import card
from tsunagu.analytics.lifecycle.comparing import Trial, Verdict, try_out
from tsunagu.analytics.lifecycle.drift import Reading, calibration, features, volume
from tsunagu.analytics.lifecycle.fingerprint import Fingerprint, fingerprint
from tsunagu.analytics.lifecycle.importance import importance
from tsunagu.analytics.lifecycle.reference import Reference, reference

__all__ = [
    "Fingerprint",
    "Reading",
    "Reference",
    "Trial",
    "Verdict",
    "calibration",
    "card",
    "features",
    "fingerprint",
    "importance",
    "reference",
    "try_out",
    "volume",
]
