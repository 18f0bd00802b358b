"""Event logs: reading them from files, checking them, keeping them on disk."""

from tsunagu.analytics.eventlog.reader import ReadReport, read_log
from tsunagu.analytics.eventlog.store import open_log

__all__ = ["ReadReport", "open_log", "read_log"]
