"""Event logs: reading them from files or the application, checking them, keeping them on disk."""

from tsunagu.analytics.eventlog.database import read_database
from tsunagu.analytics.eventlog.reader import ReadReport, read_log
from tsunagu.analytics.eventlog.store import open_log

__all__ = ["ReadReport", "open_log", "read_database", "read_log"]
