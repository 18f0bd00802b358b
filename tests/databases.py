"""Which database the tests run on: SQLite, or the server that ``DATABASE_URL`` names.

What holds on one of them only is declared with its reason.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

SERVER = os.environ.get("DATABASE_URL", "")


def on_server_only(reason: str) -> pytest.MarkDecorator:
    """For what has no meaning on SQLite."""
    return pytest.mark.skipif(not SERVER, reason=f"on PostgreSQL only: {reason}")


@contextmanager
def own_database() -> Iterator[str]:
    """The address of a new, empty database on the server, dropped at the end; "" for SQLite."""
    if not SERVER:
        yield ""
        return
    name = f"tsunagu_{uuid.uuid4().hex[:12]}"
    _on_server(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(SERVER)._replace(path=f"/{name}").geturl()
    finally:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(statement: str) -> None:
    import psycopg

    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(statement.encode())


def ask(database: str, home: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of the database at the address, or of the SQLite file in ``home``."""
    if not database:
        with closing(sqlite3.connect(home / "tsunagu.sqlite3", timeout=20)) as file:
            return file.execute(query).fetchall()
    import psycopg

    with psycopg.connect(database) as server:
        return server.execute(query.encode()).fetchall()
