"""Files become columns: the second bridge to the analytics, whose readers do the reading.

Encodings, dialects, workbooks, numbers, dates and reject files are understood in one place only,
:mod:`tsunagu.analytics.eventlog`; nothing else of the application may ask it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog import cells, synonyms, workbook
from tsunagu.analytics.eventlog.files import load_source, unguarded
from tsunagu.analytics.eventlog.mapping import FileChoice
from tsunagu.analytics.eventlog.rejects import Reject, rejects_of, write_rejects
from tsunagu.analytics.eventlog.sheet import Fault, Sheet
from tsunagu.analytics.eventlog.sources import OWN_COLUMNS, Source
from tsunagu.analytics.eventlog.times import Clock, DayPart
from tsunagu.app.exports import lists

Mask: TypeAlias = NDArray[np.bool_]

TYPES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")
"""Files that can be uploaded."""

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")

SAMPLES = 3
DISTINCT = 60
"""Columns with at most so many different words can be given meanings word by word."""

DEAL_HEADERS = synonyms.SYNONYMS
FINAL_WORDS = {str(outcome): words for outcome, words in synonyms.FINAL_WORDS.items()}
folded = synonyms.folded
CELL_TROUBLES = tuple(cells.WORDS.values())
"""Every message and remedy about a single cell, for the translators."""

Rejects: TypeAlias = list[Reject]

START, FACT, END = DayPart.START, DayPart.FACT, DayPart.END


class UnreadableError(Exception):
    """A file that cannot be used as a whole: ``message`` and ``remedy`` in English."""

    def __init__(self, message: str, remedy: str, row: int | None = None) -> None:
        super().__init__(message)
        self.message, self.remedy, self.row = message, remedy, row


class RowProblem(NamedTuple):
    """Why a row is left out."""

    file: str
    row: int | None
    column: str
    value: str
    message: str
    remedy: str


@dataclass(frozen=True)
class FileTable:
    """A file as a table of texts."""

    source: Source

    @classmethod
    def open(cls, path: Path, sheet: str = "") -> FileTable:
        """Read ``path``; of a workbook the ``sheet``, or else its first.

        A CSV of our own comes back as it was before the export guarded its cells.

        Raises:
            UnreadableError: the file cannot be read as a whole, or its type is not known.
        """
        try:
            source = load_source(path, FileChoice(sheet=sheet or None))
        except InputError as error:
            raise _unreadable(error) from error
        return cls(unguarded(source) if _is_our_own(path, source) else source)

    @classmethod
    def of_columns(cls, name: str, columns: Mapping[str, list[str | None]]) -> FileTable:
        """Rows that come without a file, as texts by column; they are counted from 0."""
        table = pa.table(
            {header: pa.array(texts, pa.string()) for header, texts in columns.items()}
        )
        return cls(Source(name, table, np.arange(len(table))))

    @property
    def headers(self) -> list[str]:
        """The columns that can be used."""
        names: list[str] = self.source.table.column_names
        repeated = self.source.repeated
        return [n for n in names if n not in repeated and not n.startswith(OWN_COLUMNS)]

    @property
    def notices(self) -> tuple[str, ...]:
        """What the readers say about the file."""
        return self.source.notices

    def __len__(self) -> int:
        return len(self.source.table) + len(self.source.rejected)

    def columns(self) -> list[dict[str, Any]]:
        """For each header a few samples, and all its words where they are few."""
        return [self._column(header) for header in self.headers]

    def _column(self, header: str) -> dict[str, Any]:
        texts = cells.as_text(self.source.column(header))
        counted = pc.value_counts(cells.plain(texts).drop_null()).to_pylist()
        counted.sort(key=lambda each: -each["counts"])
        words = [each["values"] for each in counted]
        samples = texts.drop_null().unique().to_pylist()[:SAMPLES]
        return {
            "header": header,
            "samples": [text[:60] for text in samples],
            "words": words
            if len(words) <= DISTINCT and max(map(len, words), default=0) < 80
            else [],
        }

    def sheet(self, time_zone: str, date_format: str | None) -> Columns:
        """The table's columns, to be converted."""
        return Columns(Sheet(self.source, Clock(time_zone, date_format)))


def _is_our_own(path: Path, source: Source) -> bool:
    """Whether it is the CSV of a list, whole; a file of rejected rows was read as such already."""
    is_text = path.suffix.lower() not in WORKBOOKS and source.original is None
    return is_text and tuple(source.table.column_names) in lists.headings()


def sheets_of(path: Path) -> list[tuple[str, bool]]:
    """Names of a workbook's sheets, and whether each holds rows; none for other files.

    Raises:
        UnreadableError: the workbook cannot be opened.
    """
    if path.suffix.lower() not in WORKBOOKS:
        return []
    try:
        return workbook.sheets(path)
    except InputError as error:
        raise _unreadable(error) from error


def _unreadable(error: InputError) -> UnreadableError:
    found = error.problem
    return UnreadableError(found.message, found.remedy, found.row)


@dataclass
class Columns:
    """Converts a file's columns and keeps the first fault of each row. No header: all empty."""

    sheet: Sheet

    def __len__(self) -> int:
        return len(self.sheet)

    @property
    def fine(self) -> Mask:
        """Rows without a fault so far."""
        return self.sheet.faults.fine

    def ids(self, header: str | None) -> pa.Array:
        """Ids, trimmed and half-width."""
        return self.sheet.ids(header, self.fine)

    def words(self, header: str | None) -> pa.Array:
        """Words as they are compared: trimmed, half-width."""
        if header is None:
            return pa.nulls(len(self), pa.string())
        return self.sheet.plain(header)

    def texts(self, header: str | None) -> pa.Array:
        """Texts as written, trimmed."""
        return pc.utf8_trim_whitespace(self.sheet.text(header, self.fine))

    def numbers(self, header: str | None) -> pa.Array:
        """Numbers."""
        return self.sheet.numbers(header, self.fine)

    def days(self, header: str | None) -> pa.Array:
        """ISO dates."""
        return self.sheet.dates(header, self.fine)

    def instants(self, header: str | None, part: DayPart) -> pa.Array:
        """Instants in UTC; ``part`` says where in its day a date without a time lies."""
        return self.sheet.instants(header, part, self.fine)

    def reject(self, rows: Mask, header: str | None, message: str, remedy: str) -> None:
        """Give ``rows`` this fault unless they have one."""
        self.sheet.faults.add(rows, Fault(header, message, remedy))

    def skip(self, rows: Mask) -> None:
        """Leave ``rows`` out without a word."""
        self.sheet.faults.skip(rows)

    def rejected(self) -> Rejects:
        """All rejected rows in the order of the file."""
        return rejects_of(self.sheet)

    def write_rejects(self, folder: Path, rejects: Rejects) -> Path:
        """The file of rejected rows, which can be mended and uploaded again."""
        return write_rejects(folder, self.sheet, rejects)


def problems(rejects: Rejects) -> Iterator[RowProblem]:
    """Rejected rows in words that can be translated."""
    for reject in rejects:
        found = reject.problem
        message, remedy = found.message, found.remedy
        if message.startswith("the row has "):  # the numbers in it defy translation
            message = "the row has another number of cells than the header."
        yield RowProblem(
            found.file, found.row, found.column or "", found.value or "", message, remedy
        )
