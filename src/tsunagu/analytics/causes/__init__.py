"""Causes of interruptions, and the tone of texts, in Japanese and English."""

from tsunagu.analytics.causes.classifier import Settings
from tsunagu.analytics.causes.model import CauseModel
from tsunagu.analytics.causes.tone import ToneModel, tone

__all__ = ["CauseModel", "Settings", "ToneModel", "tone"]
