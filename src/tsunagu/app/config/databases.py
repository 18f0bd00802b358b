"""The database: PostgreSQL by ``DATABASE_URL``, else one SQLite file that stands many writers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url

POOL_SIZE = 8

SQLITE_OPTIONS: dict[str, Any] = {
    # A transaction takes the write lock when it begins: otherwise two that read first and write
    # later fail at once with "database is locked", whatever the timeout.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
}


def database(home: Path) -> dict[str, Any]:
    """Django's settings for the one database."""
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{home / 'tsunagu.sqlite3'}"
    found: dict[str, Any] = {**dj_database_url.parse(url)}
    if found["ENGINE"].endswith("sqlite3"):
        return {**found, "OPTIONS": SQLITE_OPTIONS}
    if found["ENGINE"].endswith("postgresql"):
        size = int(os.environ.get("DATABASE_POOL_SIZE", POOL_SIZE))
        pool = {"min_size": 1, "max_size": size, "timeout": 20}
        # A connection that a restart of the server broke is replaced, not handed out.
        found["CONN_HEALTH_CHECKS"] = True
        found["OPTIONS"] = {**found.get("OPTIONS", {}), "pool": pool}
    return found
