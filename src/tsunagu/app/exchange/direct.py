"""Rows that come without a file, as another program sends them: brought in by the same books.

Each delivery is an import of its own, so that it is on record and can be undone; one that changes
nothing leaves no trace. There is no dry run between: whoever and whatever the rows name must exist,
unless the sender asks for it to be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tsunagu.app.exchange import lease, parents, tasks
from tsunagu.app.exchange.counts import Counts
from tsunagu.app.exchange.fields import FIELDS
from tsunagu.app.exchange.mapping import Mapping as Meaning
from tsunagu.app.exchange.models import FileKind, Import
from tsunagu.app.exchange.reading import FileTable, RowProblem, problems
from tsunagu.app.exchange.running import BOOKS, Book
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

MOST_ROWS = 10_000
"""Rows of one delivery."""


@dataclass(frozen=True)
class Delivery:
    """Rows by column, and how they are to be taken."""

    kind: FileKind
    name: str
    size: int
    columns: Mapping[str, list[str | None]]
    all_or_nothing: bool = False
    create_missing: bool = False


@dataclass(frozen=True)
class Brought:
    """What came of the rows; ``source`` is None where nothing changed."""

    counts: Counts
    rejected: list[RowProblem]
    source: Import | None


class RejectedError(Exception):
    """All or nothing was asked for, and some rows cannot be taken: nothing is written."""

    def __init__(self, rejected: list[RowProblem]) -> None:
        super().__init__(len(rejected))
        self.rejected = rejected


def bring(user: User, delivery: Delivery) -> Brought:
    """Write the rows that can be taken: one transaction.

    Raises:
        PermissionDenied: ``user`` may not import.
        ValidationError: the rows lack what they need, or have columns that there are not.
        RejectedError: it was all or nothing, and a row cannot be taken.
    """
    require(user, "exchange.run")
    meaning = _meaning(delivery)
    with transaction.atomic():
        lease.in_turn()
        source = _source(user, delivery, meaning)
        book = BOOKS[delivery.kind](
            source, meaning, FileTable.of_columns(delivery.name, delivery.columns)
        )
        _settle_parents(source, book, meaning, delivery)
        counts = _written(book)
        rejected = list(problems(book.columns.rejected()))
        if rejected and delivery.all_or_nothing:
            raise RejectedError(rejected)
        return Brought(counts, rejected, _finished(source, counts))


def _meaning(delivery: Delivery) -> Meaning:
    known = {field.key for field in FIELDS[delivery.kind]}
    if strange := sorted(delivery.columns.keys() - known):
        words = _("There is no field {key}; there are {names}.")
        raise ValidationError(words.format(key=strange[0], names=", ".join(sorted(known))))
    meaning = Meaning(columns={name: name for name in delivery.columns})
    if missing := meaning.missing(delivery.kind):
        names = ", ".join(field.key for field in missing)
        raise ValidationError(_("Every row needs {names}.").format(names=names))
    return meaning


def _source(user: User, delivery: Delivery, meaning: Meaning) -> Import:
    now = timezone.now()
    rows = len(next(iter(delivery.columns.values())))
    return Import.objects.create(
        user=user,
        kind=delivery.kind,
        file_name=delivery.name[:200],
        size=delivery.size,
        rows=rows,
        total=rows,
        done=rows,
        mapping=meaning.as_json(),
        mapped_at=now,
        checked_at=now,
        run_asked_at=now,
    )


_UNKNOWN = (
    gettext_noop("nobody and nothing of this name is known here."),
    gettext_noop("Correct the word, or ask for what is missing to be made (create_missing)."),
)


def _settle_parents(source: Import, book: Book, meaning: Meaning, delivery: Delivery) -> None:
    if delivery.create_missing:
        parents.make_missing(source, book.parents, None)
        return
    for name in ("owner", "actor"):
        _reject(book, meaning.column(name), book.parents.missing_owners)
    _reject(book, meaning.column("stage"), book.parents.missing_stages)


def _reject(book: Book, header: str | None, unknown: Iterable[str]) -> None:
    words = pa.array(list(unknown), pa.string())
    if header is not None and len(words):
        wrong = pc.is_in(book.columns.words(header), words)
        book.columns.reject(wrong.to_numpy(zero_copy_only=False), header, *_UNKNOWN)


def _written(book: Book) -> Counts:
    counts = Counts()
    for start, end in book.bounds():
        counts.add(book.write(start, end))
    return counts


def _finished(source: Import, counts: Counts) -> Import | None:
    if not counts.new + counts.changed:
        source.delete()
        return None
    source.counts = source.written = counts.as_json()
    source.finished_at = timezone.now()
    source.save()
    audit.record(source.user, "bring_rows", source, after=source.written)
    tasks.announce.enqueue(source.pk)
    return source
