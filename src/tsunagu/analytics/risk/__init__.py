"""Competing-risk model: fit, calibrate, score, explain."""

from tsunagu.analytics.risk.model import LEAD_DAYS, RiskModel
from tsunagu.analytics.risk.settings import Settings
from tsunagu.analytics.risk.summary import Summary
from tsunagu.analytics.risk.window import Window

__all__ = ["LEAD_DAYS", "RiskModel", "Settings", "Summary", "Window"]
