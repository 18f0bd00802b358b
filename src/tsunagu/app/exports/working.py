"""Prepares the file of an export, in the request where it is short and by a worker where not."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from pathlib import Path

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone, translation

from tsunagu.app.exports import event_log, lists, store, writing
from tsunagu.app.exports.archive import packing
from tsunagu.app.exports.models import Export, Format
from tsunagu.app.people.permissions import require
from tsunagu.app.snapshots import snapshot

logger = logging.getLogger(__name__)

Maker = Callable[[Export, Path], writing.Notes]


def work(pk: int) -> None:
    """Prepare the file, unless that is done or being done.

    A worker that is killed leaves no sign of life behind; whoever asks next begins anew. Two that
    meet write files of their own, and the later one finds that it is not its turn any more.
    """
    export = Export.objects.select_related("user").filter(pk=pk).first()
    if export is None or not _take(export):
        return
    assert export.token is not None  # noqa: S101  # just taken
    part = store.begin(export, export.token)
    try:
        with store.beating(export), translation.override(export.language), snapshot():
            notes = MAKERS[export.format](export, part)
    except Exception:
        logger.exception("the export %s failed", pk)
        _of(export).update(failed_at=timezone.now())
        store.drop(export)
        return
    _finish(export, part, notes)


def _take(export: Export) -> bool:
    if export.finished_at or export.failed_at or export.gone_at or store.is_alive(export):
        return False
    before, export.token = export.token, uuid.uuid4()
    waiting = Export.objects.filter(pk=export.pk, token=before, gone_at=None)
    return bool(waiting.update(token=export.token, taken_at=timezone.now()))


def _of(export: Export) -> QuerySet[Export]:
    return Export.objects.filter(pk=export.pk, token=export.token, gone_at=None)


def _finish(export: Export, part: Path, notes: writing.Notes) -> None:
    """The file appears whole; if the export is no longer wanted, it does not stay."""
    try:
        size = part.stat().st_size
        part.replace(store.file_of(export))
    except FileNotFoundError:
        return
    now = timezone.now()
    if not _of(export).update(finished_at=now, size=size, notes=notes):
        _drop_unwanted(export)


def _drop_unwanted(export: Export) -> None:
    if not Export.objects.filter(pk=export.pk, gone_at=None).exists():
        store.drop(export)


def _list(write: writing.Writer) -> Maker:
    def make(export: Export, part: Path) -> writing.Notes:
        listed = lists.allowed(export.user, export.what)
        cells = listed.cells(export.user, QueryDict(export.query))
        rows = writing.counted(cells, lambda number: store.tell(export, number))
        return write(part, listed.headings, rows)

    return make


def _log(export: Export, part: Path) -> writing.Notes:
    return event_log.write_zip(export.user, part)


def _archive(export: Export, part: Path) -> writing.Notes:
    require(export.user, "exports.archive")
    packing.pack(part, passwords=False, tell=lambda number: store.tell(export, number))
    return {}


MAKERS: dict[str, Maker] = {
    Format.UTF8: _list(writing.write_utf8),
    Format.CP932: _list(writing.write_cp932),
    Format.XLSX: _list(writing.write_workbook),
    Format.LOG: _log,
    Format.ARCHIVE: _archive,
}
