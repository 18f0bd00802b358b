"""What can be done to an import. Each: permission, one transaction, the audit entry, the task.

Sales operations and administrators import, for everybody: files of other systems seldom end at
the border of a team. Every action may raise ``PermissionDenied``, and ``ValidationError`` with
words for the person; nothing is written then.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tsunagu.app.exchange import lease, store, tasks
from tsunagu.app.exchange.mapping import Mapping
from tsunagu.app.exchange.models import FileKind, Import, State
from tsunagu.app.exchange.reading import TYPES, FileTable, UnreadableError, sheets_of
from tsunagu.app.exchange.wording import words_of
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

MEGABYTE = 1024 * 1024

NO_TEXT = (
    gettext_noop("the header holds bytes that are no text."),
    gettext_noop("Export the file again as CSV in UTF-8, or as an Excel workbook."),
)

BEFORE_RUN = (
    State.UPLOADED,
    State.MAPPED,
    State.CHECKING,
    State.CHECKED,
    State.FAILED,
    State.CANCELLED,
)
"""States in which the import may still be meant otherwise, if it has not begun."""


def upload(  # noqa: PLR0913
    user: User, *, kind: str, name: str, size: int, blocks: Iterable[bytes], sheet: str = ""
) -> Import:
    """Keep a file and look at its columns; ``sheet``: of a workbook, or else the first filled."""
    require(user, "exchange.run")
    _check_upload(kind, name, size)
    source = Import(user=user, kind=kind, file_name=store.safe_name(name), size=size)
    path = store.keep(source, blocks)
    try:
        _find_sheets(source, path, sheet)
        _look_into(source, path)
        with transaction.atomic():
            source.save()
            audit.record(user, "upload_import", source, after={"file": name, "kind": kind})
    except UnreadableError as error:
        store.drop(source)
        raise _said(error) from error
    except ValidationError:
        store.drop(source)
        raise
    return source


def _said(error: UnreadableError) -> ValidationError:
    where = _(" (row {row})").format(row=error.row) if error.row else ""
    return ValidationError(words_of(error.message) + where + " " + words_of(error.remedy))


def _check_upload(kind: str, name: str, size: int) -> None:
    if kind not in FileKind.values:
        raise ValidationError(_("Say what the rows of the file are."))
    if Path(name.removesuffix(".gz")).suffix.lower() not in TYPES or name.endswith(".gz"):
        raise ValidationError(
            _("Give a CSV or Excel file: {types}.").format(types=", ".join(TYPES))
        )
    if size > store.SIZE_LIMIT:
        limit = store.SIZE_LIMIT // MEGABYTE
        raise ValidationError(
            _("The file is larger than {limit} MB. Split it.").format(limit=limit)
        )


def _find_sheets(source: Import, path: Path, wanted: str) -> None:
    sheets = sheets_of(path)
    source.sheets = [name for name, _filled in sheets]
    filled = next((name for name, is_filled in sheets if is_filled), "")
    source.sheet = _known_sheet(source, wanted) if wanted else filled


def _known_sheet(source: Import, wanted: str) -> str:
    if wanted not in source.sheets:
        names = ", ".join(source.sheets) or "–"
        raise ValidationError(
            _("There is no sheet {sheet}; there are {names}.").format(sheet=wanted, names=names)
        )
    return wanted


def _look_into(source: Import, path: Path) -> None:
    table = FileTable.open(path, source.sheet)
    source.rows = len(table)
    source.columns = table.columns()
    source.notices = list(table.notices)
    if not source.rows:
        raise UnreadableError("the file is empty.", "Export it again with its header and rows.")
    if any("\x00" in header for header in table.headers):  # PostgreSQL knows no NUL in a text
        raise UnreadableError(*NO_TEXT)


def choose_sheet(user: User, source: Import, sheet: str) -> None:
    """Read another sheet of the workbook; what its columns mean is to be said anew."""
    require(user, "exchange.run")
    with transaction.atomic():
        found = _locked(source, *BEFORE_RUN)
        _require_not_begun(found)
        found.sheet = _known_sheet(found, sheet)
        try:
            _look_into(found, store.file_of(found))
        except UnreadableError as error:
            raise _said(error) from error
        found.mapping, found.token = {}, None
        found.mapped_at = found.check_asked_at = found.checked_at = None
        found.failed_at = found.cancelled_at = None
        found.save()
        audit.record(user, "choose_sheet", found, after={"sheet": sheet})
    source.refresh_from_db()


def map_columns(user: User, source: Import, mapping: Mapping) -> None:
    """Say what the columns mean, and ask for the dry run."""
    require(user, "exchange.run")
    if missing := mapping.missing(source.kind):
        names = ", ".join(f"“{field.label}”" for field in missing)
        raise ValidationError(_("Choose a column for {names}.").format(names=names))
    with transaction.atomic():
        found = _locked(source, *BEFORE_RUN)
        _require_not_begun(found)
        found.mapping = mapping.as_json()
        found.mapped_at = found.check_asked_at = timezone.now()
        found.checked_at = found.failed_at = found.cancelled_at = None
        found.done, found.total = 0, found.rows
        # Another check may be under way: it notices that it holds the import no longer.
        found.token = None
        _await(found)
        audit.record(user, "map_import", found, after=found.mapping)
    _ask(found)
    source.refresh_from_db()


def start(user: User, source: Import) -> None:
    """Begin, or go on after a failure or a cancellation."""
    require(user, "exchange.run")
    with transaction.atomic():
        found = _locked(source, State.CHECKED, State.FAILED, State.CANCELLED)
        if not found.checked_at:
            raise ValidationError(_("Check the file first."))
        if not found.has_begun:
            found.done = 0
        found.run_asked_at = timezone.now()
        found.failed_at = found.cancelled_at = None
        _await(found)
        audit.record(user, "start_import", found)
    _ask(found)
    source.refresh_from_db()


def cancel(user: User, source: Import) -> None:
    """Stop after the present chunk. What is in stays, to be undone or gone on with."""
    require(user, "exchange.run")
    with transaction.atomic():
        found = _locked(source, State.CHECKING, State.RUNNING)
        found.cancelled_at = timezone.now()
        found.save(update_fields=["cancelled_at"])
        audit.record(user, "cancel_import", found)
    source.refresh_from_db()


def request_undo(user: User, source: Import) -> None:
    """Take back all that the import brought."""
    require(user, "exchange.run")
    with transaction.atomic():
        found = _locked(source, State.DONE, State.FAILED, State.CANCELLED)
        if not found.has_begun:
            raise ValidationError(_("There is nothing to undo."))
        found.undo_asked_at = timezone.now()
        found.failed_at = found.cancelled_at = None
        found.done = found.total = 0
        _await(found)
        audit.record(user, "request_undo_import", found)
    _ask(found)
    source.refresh_from_db()


def resume_interrupted() -> int:
    """Ask again for all work whose worker vanished; for the start of a worker, and by schedule.

    Returns:
        How many imports go on.
    """
    return sum(resume(each) for each in Import.objects.filter(held_until__lt=timezone.now()))


def resume(source: Import) -> bool:
    """Ask again for the work of ``source`` if nobody is at it; whether that was so."""
    now = timezone.now()
    gone = Import.objects.filter(pk=source.pk, held_until__lt=now)
    if not source.is_busy or not gone.update(held_until=now + lease.HELD, token=None):
        return False
    tasks.work.enqueue(source.pk)
    return True


def _locked(source: Import, *states: State) -> Import:
    found = Import.objects.select_for_update().get(pk=source.pk)
    if found.state not in states:
        raise ValidationError(
            _("This is not possible now: {state}.").format(state=found.state.label)
        )
    return found


def _require_not_begun(source: Import) -> None:
    if source.has_begun:
        raise ValidationError(_("The import has begun; its columns cannot change any more."))


def _await(source: Import) -> None:
    """Save; if no worker has begun by then, :func:`resume` may ask again."""
    if source.token is None:
        source.held_until = timezone.now() + lease.HELD
    source.save()


def _ask(source: Import) -> None:
    transaction.on_commit(lambda: tasks.work.enqueue(source.pk))


def no_file() -> str:
    """What to say where no file was chosen."""
    return _("Choose a file.")
