"""XES event logs (``.xes``, ``.xes.gz``) as one Arrow table."""

from tsunagu.analytics.eventlog.xes.reader import read_xes

__all__ = ["read_xes"]
