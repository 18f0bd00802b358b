"""Connections to the engines that run Ibis expressions."""

from tsunagu.analytics.backends.connecting import connect
from tsunagu.analytics.backends.kept import KeptEngine, kept_engine

__all__ = ["KeptEngine", "connect", "kept_engine"]
