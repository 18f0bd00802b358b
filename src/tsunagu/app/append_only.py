"""Rows that are written once: facts and audit entries are added, never changed.

The model refuses through the ORM; a trigger (:func:`refuse_updates`) refuses in the database.
There is one exception, :func:`rewritable`, for the one purpose of erasing personal data
(:mod:`tsunagu.app.organisation.erasure`; a test sees to it that nothing else calls it).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.db import connection, migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

WHY = "rows of {} are facts: they are added, never changed or deleted"


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Refuses every update and deletion."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError(WHY.format(self.model._meta.label))

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError(WHY.format(self.model._meta.label))

    def delete(self) -> NoReturn:
        """Refuse."""
        raise TypeError(WHY.format(self.model._meta.label))


class AppendOnly(models.Model):
    """A model whose rows can be created and read."""

    objects: models.Manager[Any] = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert a new row.

        Raises:
            TypeError: if the row exists already.
        """
        if not self._state.adding:
            raise TypeError(WHY.format(self._meta.label))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError(WHY.format(self._meta.label))


def refuse_updates(table: str) -> Operation:
    """Migration step: a trigger on ``table`` that fails every UPDATE, on SQLite and PostgreSQL."""

    def create(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _CREATE[editor.connection.vendor]:
            editor.execute(statement.replace("TABLE_NAME", table), None)

    def drop(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _DROP[editor.connection.vendor]:
            editor.execute(statement.replace("TABLE_NAME", table), None)

    return migrations.RunPython(create, drop)


@contextmanager
def rewritable(model: type[AppendOnly]) -> Iterator[None]:
    """Lift the trigger of ``model`` for one transaction. Only for the erasure of personal data.

    Until the commit nobody else can use the exception: SQLite has one writer, and PostgreSQL
    locks the table. After a failure the trigger stands as before.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _execute(cursor, [*_SETTLE[connection.vendor], *_DROP[connection.vendor]], model)
        yield
        _execute(cursor, _CREATE[connection.vendor], model)


def _execute(cursor: Any, statements: list[str], model: type[AppendOnly]) -> None:
    for statement in statements:
        cursor.execute(statement.replace("TABLE_NAME", model._meta.db_table))


_SETTLE: dict[str, list[str]] = {
    "sqlite": [],
    # PostgreSQL drops no trigger while checks of foreign keys are pending on the table.
    "postgresql": ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"],
}
_CREATE = {
    "sqlite": [
        "CREATE TRIGGER TABLE_NAME_append_only BEFORE UPDATE ON TABLE_NAME "
        "BEGIN SELECT RAISE(ABORT, 'TABLE_NAME is append-only'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION TABLE_NAME_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'TABLE_NAME is append-only'; END $$",
        "CREATE TRIGGER TABLE_NAME_append_only BEFORE UPDATE ON TABLE_NAME "
        "FOR EACH ROW EXECUTE FUNCTION TABLE_NAME_append_only()",
    ],
}
_DROP = {
    "sqlite": ["DROP TRIGGER TABLE_NAME_append_only"],
    "postgresql": [
        "DROP TRIGGER TABLE_NAME_append_only ON TABLE_NAME",
        "DROP FUNCTION TABLE_NAME_append_only()",
    ],
}
