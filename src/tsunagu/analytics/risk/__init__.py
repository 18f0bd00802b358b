"""Competing-risk model: fit, calibrate, score, explain."""

from tsunagu.analytics.risk.model import RiskModel
from tsunagu.analytics.risk.settings import Settings
from tsunagu.analytics.risk.summary import Summary

__all__ = ["RiskModel", "Settings", "Summary"]
