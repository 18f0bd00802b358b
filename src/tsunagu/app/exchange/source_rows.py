"""What rows said when they were last imported, and how things stood before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tsunagu.app import bulk
from tsunagu.app.exchange.models import Import, ImportChange, SourceRow

_REPLACE = (
    'ON CONFLICT (kind, "key") DO UPDATE SET "values" = excluded."values",'
    " source_id = excluded.source_id"
)


def known_rows(kind: str, keys: Iterable[str]) -> dict[str, SourceRow]:
    """The last imported row of each key."""
    rows = SourceRow.objects.filter(kind=kind, key__in=list(keys))
    return {row.key: row for row in rows}


def differences(
    values: Mapping[str, Any], known: SourceRow | None, current: Mapping[str, Any]
) -> dict[str, Any]:
    """The values that changed in the file since its last import and are not so here already.

    Empty cells and columns that were not imported before change nothing by being empty.
    """
    before = known.values if known else {}
    return {
        name: value
        for name, value in values.items()
        if value not in (None, "")
        and not (name in before and before[name] == value)
        and current.get(name) != value
    }


def remember(source: Import, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what the rows say now, by key."""
    rows = [SourceRow(kind=source.kind, key=k, values=v, source=source) for k, v in values.items()]
    bulk.insert(rows, _REPLACE)


def change_of(  # noqa: PLR0913, PLR0917
    source: Import,
    key: str,
    object_id: int,
    known: SourceRow | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> ImportChange:
    """How a row stood before this import changed it."""
    row = {"values": known.values, "source": known.source_id} if known else None
    return ImportChange(
        source=source,
        kind=source.kind,
        key=key,
        object_id=object_id,
        before=dict(before),
        after=dict(after),
        row_before=row,
    )


def restore(change: ImportChange) -> None:
    """Let the row's memory be what it was, unless a later import has written it since."""
    rows = SourceRow.objects.filter(kind=change.kind, key=change.key, source=change.source_id)
    if change.row_before is None:
        rows.delete()
    else:
        rows.update(values=change.row_before["values"], source_id=change.row_before["source"])
