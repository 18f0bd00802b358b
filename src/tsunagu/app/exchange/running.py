"""The work behind the pages: checking a file, bringing it in, and taking it back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Protocol

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_noop as _

from tsunagu.app.exchange import lease, mapping, parents, store, undoing
from tsunagu.app.exchange.contact_book import ContactBook
from tsunagu.app.exchange.counts import Counts
from tsunagu.app.exchange.customer_book import CustomerBook
from tsunagu.app.exchange.deal_book import DealBook
from tsunagu.app.exchange.fact_book import FactBook
from tsunagu.app.exchange.models import FileKind, Import, ImportProblem, State
from tsunagu.app.exchange.reading import Columns, FileTable, Rejects, UnreadableError, problems
from tsunagu.app.people import audit

log = logging.getLogger("tsunagu.imports")

PROBLEMS_KEPT = 10_000
"""Problems shown on the screen; the file of rejected rows has them all."""

NAMES_KEPT = 200


class Book(Protocol):
    """A file of one kind, to be checked or written chunk by chunk."""

    columns: Columns
    parents: parents.Parents
    missing_customers: dict[str, str]

    def bounds(self) -> list[tuple[int, int]]:
        """The chunks; the same for the same file and mapping."""

    def check(self, start: int, end: int) -> Counts:
        """What the chunk would do."""

    def write(self, start: int, end: int) -> Counts:
        """Write the chunk; call it inside a transaction."""


BOOKS: dict[FileKind, Callable[[Import, mapping.Mapping, FileTable], Book]] = {
    FileKind.DEALS: DealBook,
    FileKind.CUSTOMERS: CustomerBook,
    FileKind.CONTACTS: ContactBook,
    FileKind.ACTIVITIES: FactBook,
    FileKind.STAGES: FactBook,
}


def work(pk: int) -> None:
    """Do what the import waits for, unless another worker is at it.

    Whatever goes wrong is kept on the import, in words for the person.
    """
    token = lease.take(pk)
    if token is None:
        return
    source = Import.objects.select_related("user").get(pk=pk)
    try:
        with translation.override(source.user.language):
            _JOBS.get(source.state, _nothing)(source, token)
    except lease.StoppedError:
        log.info("import %s was stopped", pk)
    except UnreadableError as error:
        _fail(source, error.message, error.remedy)
    except Exception:
        log.exception("import %s failed", pk)
        _fail(source, _BROKEN, _BROKEN_REMEDY)
    finally:
        lease.give_back(pk, token)


_BROKEN = _("something went wrong that should not have.")
_BROKEN_REMEDY = _(
    "Try again: it goes on where it stopped. If it fails again, ask for a look into the log."
)


def _nothing(source: Import, token: uuid.UUID) -> None:
    """The import waits for nothing (any more)."""


def _fail(source: Import, message: str, remedy: str) -> None:
    error = {"message": message, "remedy": remedy}
    Import.objects.filter(pk=source.pk).update(failed_at=timezone.now(), error=error)


def open_book(source: Import) -> Book:
    """The import's file in the light of its mapping.

    Raises:
        UnreadableError: the file cannot be read as a whole.
    """
    table = FileTable.open(store.file_of(source), source.sheet)
    return BOOKS[FileKind(source.kind)](source, mapping.kept(source), table)


def check(source: Import, token: uuid.UUID) -> None:
    """The dry run: count and gather problems, write nothing of the file."""
    book = open_book(source)
    total, counts = len(book.columns), Counts()
    for start, end in book.bounds():
        counts.add(book.check(start, end))
        with transaction.atomic():
            found = lease.locked(source, token)
            found.done, found.total = end, total
            found.save(update_fields=["done", "total", "held_until"])
    _finish_check(source, token, book, counts)


def _finish_check(source: Import, token: uuid.UUID, book: Book, counts: Counts) -> None:
    rejects = book.columns.rejected()
    counts.rejected = len(rejects)
    folder = store.rejects_folder(source)
    if rejects:
        book.columns.write_rejects(folder, rejects)
    elif old := store.rejects_file(source):
        old.unlink()
    with transaction.atomic():
        found = lease.locked(source, token)
        found.problems.all().delete()
        ImportProblem.objects.bulk_create(_kept_problems(found, rejects), batch_size=1000)
        found.counts, found.parents = counts.as_json(), _listed(book)
        found.checked_at, found.check_asked_at = timezone.now(), None
        found.save()


def _kept_problems(source: Import, rejects: Rejects) -> list[ImportProblem]:
    return [
        ImportProblem(
            source=source,
            file=each.file[:200],
            row=each.row,
            column=each.column[:200],
            value=each.value[:200],
            message=each.message[:300],
            remedy=each.remedy[:300],
        )
        for each in problems(rejects[:PROBLEMS_KEPT])
    ]


def _listed(book: Book) -> dict[str, object]:
    """What will be made, for the dry run's page."""
    customers = list(book.missing_customers.values())
    return {
        "owners": book.parents.missing_owners[:NAMES_KEPT],
        "owners_count": len(book.parents.missing_owners),
        "stages": book.parents.missing_stages[:NAMES_KEPT],
        "customers": customers[:20],
        "customers_count": len(customers),
    }


def run(source: Import, token: uuid.UUID) -> None:
    """Bring the file in, from the checkpoint on: each chunk and its checkpoint in one go."""
    book = open_book(source)
    with transaction.atomic():
        lease.in_turn()
        found = lease.locked(source, token)
        parents.make_missing(found, book.parents, mapping.kept(source).team)
        found.total = len(book.columns)
        found.save(update_fields=["made", "total", "held_until"])
    for start, end in book.bounds():
        if end > found.done:
            found = _run_chunk(source, token, book, start, end)
    _finish_run(source, token)


def _run_chunk(source: Import, token: uuid.UUID, book: Book, start: int, end: int) -> Import:
    with transaction.atomic():
        lease.in_turn()
        found = lease.locked(source, token)
        counts = Counts.kept(found.written)
        counts.add(book.write(start, end))
        found.done, found.written = end, counts.as_json()
        found.save(update_fields=["done", "written", "held_until"])
    return found


def _finish_run(source: Import, token: uuid.UUID) -> None:
    from tsunagu.app.exchange.tasks import announce

    with transaction.atomic():
        found = lease.locked(source, token)
        found.finished_at = timezone.now()
        found.save(update_fields=["finished_at"])
        audit.record(source.user, "run_import", found, after=found.written)
        announce.enqueue(source.pk)


def undo(source: Import, token: uuid.UUID) -> None:
    """Take back what the import brought, in chunks."""
    kept = undoing.undo(source, token)
    with transaction.atomic():
        found = lease.locked(source, token)
        found.undone_at = timezone.now()
        found.written = {**found.written, **asdict(kept)}
        found.save(update_fields=["undone_at", "written"])
        audit.record(source.user, "undo_import", found, after=asdict(kept))


_JOBS: dict[State, Callable[[Import, uuid.UUID], None]] = {
    State.CHECKING: check,
    State.RUNNING: run,
    State.UNDOING: undo,
}
