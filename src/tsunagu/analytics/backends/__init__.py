"""Connections to the engines that run Ibis expressions."""

from tsunagu.analytics.backends.connecting import connect, is_spark
from tsunagu.analytics.backends.kept import KeptEngine, kept_engine
from tsunagu.analytics.backends.small import SmallEngine

__all__ = ["KeptEngine", "SmallEngine", "connect", "is_spark", "kept_engine"]
