"""Rows that are written once: facts and audit entries are added, never changed.

The model refuses through the ORM; a trigger (:func:`refuse_updates`) refuses in the database.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import migrations, models
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
