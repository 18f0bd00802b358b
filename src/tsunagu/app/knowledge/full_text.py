"""Full-text search over a table's ``tokens``: FTS5 on SQLite, tsvector with GIN on PostgreSQL.

The words come from :mod:`tsunagu.app.knowledge.words`; the databases only split at blanks. What
differs between the two stands in this file alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.models import FloatField, Model, QuerySet
from django.db.models.expressions import RawSQL

from tsunagu.app.knowledge.words import LATIN

Row = TypeVar("Row", bound=Model)


def indexed(table: str, key: str = "id") -> Operation:
    """Migration step: let ``table`` be searched; ``key`` is its primary key.

    On SQLite triggers keep the index in step. Django drops them when it makes a table anew: a later
    migration that alters the table must take this step again after it.
    """

    def create(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        _run(editor, _CREATE, table, key)

    def drop(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        _run(editor, _DROP, table, key)

    return migrations.RunPython(create, drop)


def _run(
    editor: BaseDatabaseSchemaEditor, statements: dict[str, list[str]], table: str, key: str
) -> None:
    for statement in statements[editor.connection.vendor]:
        editor.execute(statement.replace("NAME", table).replace("KEY", key), None)


def matching(
    rows: QuerySet[Row], words: Sequence[str], *, every: bool = True, whole: bool = False
) -> QuerySet[Row]:
    """Those of ``rows`` that hold every word (or any), the best match first.

    Words in Latin letters match the beginning of a word, "contract" finds "contracts", unless
    ``whole`` words are asked for.
    """
    table, key = rows.model._meta.db_table, rows.model._meta.pk.column
    query = _query(words, every, whole)
    if connection.vendor == "sqlite":
        return _on_sqlite(rows, f"{table}_words", f'"{table}"."{key}"', query)
    return _on_postgresql(rows, f'"{table}"."words"', query)


def _on_sqlite(rows: QuerySet[Row], index: str, key: str, query: str) -> QuerySet[Row]:
    # Joined: asked for in a subquery, the index would be searched again for every row.
    rank = RawSQL(f"-bm25({index})", [], output_field=FloatField())  # noqa: S611
    return (
        rows.annotate(rank=rank)
        .order_by("-rank", "-pk")
        .extra(  # noqa: S610
            tables=[index], where=[f"{index}.rowid = {key}", f"{index} MATCH %s"], params=[query]
        )
    )


def _on_postgresql(rows: QuerySet[Row], vector: str, query: str) -> QuerySet[Row]:
    wanted = "to_tsquery('simple', %s)"
    rank = RawSQL(f"ts_rank({vector}, {wanted})", [query], output_field=FloatField())  # noqa: S611
    return (
        rows.annotate(rank=rank)
        .order_by("-rank", "-pk")
        .extra(  # noqa: S610
            where=[f"{vector} @@ {wanted}"], params=[query]
        )
    )


def _query(words: Sequence[str], every: bool, whole: bool) -> str:
    """In the database's language; the words hold letters and digits only."""
    sqlite = connection.vendor == "sqlite"
    quote, prefix = ('"', "*") if sqlite else ("'", ":*")
    both, either = (" AND ", " OR ") if sqlite else (" & ", " | ")
    terms = [
        f"{quote}{w}{quote}{prefix if LATIN.fullmatch(w) and not whole else ''}" for w in words
    ]
    return (both if every else either).join(terms)


_CREATE = {
    "sqlite": [
        "CREATE VIRTUAL TABLE NAME_words USING fts5(tokens, content='NAME', "
        "content_rowid='KEY', tokenize='unicode61 remove_diacritics 0')",
        "CREATE TRIGGER NAME_words_added AFTER INSERT ON NAME BEGIN "
        "INSERT INTO NAME_words(rowid, tokens) VALUES (new.KEY, new.tokens); END",
        "CREATE TRIGGER NAME_words_removed AFTER DELETE ON NAME BEGIN "
        "INSERT INTO NAME_words(NAME_words, rowid, tokens) "
        "VALUES ('delete', old.KEY, old.tokens); END",
        "CREATE TRIGGER NAME_words_changed AFTER UPDATE OF tokens ON NAME BEGIN "
        "INSERT INTO NAME_words(NAME_words, rowid, tokens) "
        "VALUES ('delete', old.KEY, old.tokens); "
        "INSERT INTO NAME_words(rowid, tokens) VALUES (new.KEY, new.tokens); END",
        "INSERT INTO NAME_words(NAME_words) VALUES ('rebuild')",
    ],
    "postgresql": [
        # Kept as a column: to rank, the vector would be made anew for every match.
        "ALTER TABLE NAME ADD COLUMN words tsvector "
        "GENERATED ALWAYS AS (to_tsvector('simple', tokens)) STORED",
        "CREATE INDEX NAME_words ON NAME USING gin (words)",
    ],
}
_DROP = {
    "sqlite": [
        "DROP TRIGGER NAME_words_added",
        "DROP TRIGGER NAME_words_removed",
        "DROP TRIGGER NAME_words_changed",
        "DROP TABLE NAME_words",
    ],
    "postgresql": ["ALTER TABLE NAME DROP COLUMN words"],
}
