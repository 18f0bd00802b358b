"""Connections to the engines that run Ibis expressions."""

from tsunagu.analytics.backends.connecting import connect

__all__ = ["connect"]
