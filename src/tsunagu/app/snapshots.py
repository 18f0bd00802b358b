"""One moment of the database, read for as long as it takes, without holding up who writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

PAGES = 8_192
"""Kilobytes of SQLite's pages that are held meanwhile; each row is read once, so more are in vain.

With the 64 MB that requests may take (app/config/databases.py) an export of a million rows took
54 MB more than one of ten thousand; it was these pages and nothing else.
"""


@contextmanager
def snapshot() -> Iterator[None]:
    """Within it every query sees the database as it is now; nothing may be written.

    Within a transaction that has begun already, that transaction's view stays.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Django would begin a writer's transaction, and all other writers would wait for its end.
        with connection.cursor() as cursor, _few_pages(cursor):
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


@contextmanager
def _few_pages(cursor: Any) -> Iterator[None]:
    before = cursor.execute("PRAGMA cache_size").fetchone()[0]
    cursor.execute(f"PRAGMA cache_size = -{PAGES}")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA cache_size = {before}")
