"""Sets the web application up for a command, and says in words what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tsunagu.analytics.errors import TsunaguError

SETTINGS = "tsunagu.app.config.settings"


def set_up(home: Path | None = None) -> None:
    """Make Django ready; ``home`` is where the application keeps its things.

    Raises:
        TsunaguError: the settings of the environment cannot be used.
    """
    import django
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    if home is not None:
        os.environ["TSUNAGU_HOME"] = str(home)
    try:
        django.setup()
    except (ImproperlyConfigured, ValueError, OSError) as error:
        raise TsunaguError(
            f"The application's settings cannot be used: {error}",
            remedy="Check the environment, for example DATABASE_URL and TSUNAGU_HOME.",
        ) from error


def keep_connection() -> None:
    """Open the embedded database once in this process, not for every look at it.

    PostgreSQL has its pool.
    """
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["CONN_MAX_AGE"] = None


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn a database that does not answer into words."""
    from django.db import Error

    try:
        yield
    except Error as error:
        raise TsunaguError(
            f"The database does not do its part: {error}",
            remedy="Check DATABASE_URL and TSUNAGU_HOME, and run `tsunagu migrate`.",
        ) from error


def migrate() -> None:
    """Bring the database up to this version."""
    from django.core.management import call_command

    with database_errors():
        call_command("migrate", verbosity=0, interactive=False)


def require_migrated() -> None:
    """Refuse to work on a database of an older version.

    Raises:
        TsunaguError: migrations wait.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with database_errors():
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise TsunaguError(
            f"The database lacks {len(waiting)} changes of this version.",
            remedy="Run `tsunagu migrate` first (or `tsunagu serve --migrate`).",
        )
