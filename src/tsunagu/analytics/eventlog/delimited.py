"""CSV and TSV files as tables: streamed, with bounded memory a row, broken rows set aside.

The standard library's ``csv`` reader does the splitting: it keeps multi-line cells, tells a row
that is too short or too long, and has a limit for a single cell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.errors import Problem
from tsunagu.analytics.eventlog.encoding import Encoding, detect_encoding, file_error, open_text
from tsunagu.analytics.eventlog.sources import RawReject, Source, string_table, unique_headers

CELL_LIMIT = 1 << 20
"""Characters that one cell, or one line without a line break, may have."""

_CHUNK = 20_000
_SEPARATORS = (",", "\t", ";")


@dataclass
class _Lines:
    """The lines of a text, none longer than the limit, the last chunk's kept for a second try."""

    stream: IO[str]
    path: Path
    limit: int
    kept: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    number: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.waiting.pop() if self.waiting else self._read()
        self.kept.append(line)
        return line

    def _read(self) -> str:
        line = self.stream.readline(self.limit + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > self.limit:
            message = f"line {self.number:,} is longer than {self.limit:,} characters."
            remedy = "Is this a CSV file? Export it again with line breaks between the rows."
            raise file_error(self.path, message, remedy, self.number)
        return line

    def put_back(self, lines: list[str]) -> None:
        """Let these lines come again."""
        self.waiting.extend(reversed(lines))
        self.kept = []


@dataclass
class _Rows:
    """What has been split so far."""

    path: Path
    headers: list[str]
    tables: list[pa.Table] = field(default_factory=list)
    numbers: list[np.ndarray] = field(default_factory=list)
    rejected: list[RawReject] = field(default_factory=list)
    next_row: int = 2


def read_delimited(
    path: Path, *, encoding: str | None = None, cell_limit: int = CELL_LIMIT
) -> Source:
    """A CSV or TSV file, plain or ``.gz``, separated by commas, tabs or semicolons.

    Raises:
        InputError: if the file cannot be decoded, is empty, or has a line over ``cell_limit``.
    """
    known = Encoding(encoding) if encoding else detect_encoding(path)
    before = csv.field_size_limit(cell_limit)
    try:
        with open_text(path, known) as stream:
            return _read(path, stream, cell_limit, damaged=known.damaged)
    finally:
        csv.field_size_limit(before)


def _read(path: Path, stream: IO[str], limit: int, *, damaged: bool) -> Source:
    lines = _Lines(stream, path, limit)
    separator = _separator(path, lines)
    headers, repeated, first_row = _header(path, lines, separator)
    rows = _Rows(path, headers, next_row=first_row)
    while records := _next_records(lines, separator, rows):
        _keep(rows, records)
    _reject_unreadable(rows, damaged=damaged)
    table = (
        pa.concat_tables(rows.tables) if rows.tables else string_table(headers, [[]] * len(headers))
    )
    numbers = np.concatenate(rows.numbers) if rows.numbers else np.empty(0, np.int64)
    return Source(path.name, table, numbers, tuple(rows.rejected), repeated)


def _separator(path: Path, lines: _Lines) -> str:
    """The separator that splits the first lines most evenly; commas in doubt."""
    sample = list(islice(lines, 20))
    if sample and sample[0].lower().startswith("sep="):
        lines.put_back(sample[1:])
        return sample[0][4:5]
    lines.put_back(sample)
    if path.name.removesuffix(".gz").endswith(".tsv"):
        return "\t"
    return max(_SEPARATORS, key=lambda mark: _evenness(sample, mark))


def _evenness(sample: list[str], mark: str) -> tuple[int, int]:
    try:
        widths = [len(row) for row in csv.reader(sample, delimiter=mark) if row]
    except csv.Error:
        return (0, 0)
    width = widths[0] if widths else 0
    return (widths.count(width) if width > 1 else 0, width)


def _header(path: Path, lines: _Lines, separator: str) -> tuple[list[str], frozenset[str], int]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for number, record in enumerate(reader, start=1):
            if any(cell.strip() for cell in record):
                lines.kept = []
                return (*unique_headers(path, record), number + 1)
    except csv.Error as error:
        raise file_error(path, f"the header is broken ({error}).", "Mend its quotes.", 1) from error
    raise file_error(path, "the file is empty.", "Export it again with its header and rows.")


def _next_records(lines: _Lines, separator: str, rows: _Rows) -> list[list[str]]:
    """Up to a chunk of records; where quotes break one, its first line is rejected."""
    records: list[list[str]] = []
    lines.kept = []
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        records.extend(islice(reader, _CHUNK))
    except csv.Error as error:
        good = len(records)
        records = _records_before(lines, separator, good)
        if not records:
            return [_reject_line(lines, rows, error)]
    return records


def _records_before(lines: _Lines, separator: str, good: int) -> list[list[str]]:
    """The good records once more, leaving the reader before the broken one."""
    lines.put_back(lines.kept)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    return list(islice(reader, good))


def _reject_line(lines: _Lines, rows: _Rows, error: csv.Error) -> list[str]:
    first, *others = lines.kept
    lines.put_back(others)
    too_long = "field larger" in str(error)
    message = (
        "a cell is too long or its closing quote is missing."
        if too_long
        else ("the quotes of this row do not match.")
    )
    remedy = "Put each cell that holds quotes into quotes, and double the quotes inside."
    text = first.rstrip("\r\n")
    problem = Problem(rows.path.name, rows.next_row, None, text[:200], message, remedy)
    rows.rejected.append(RawReject(rows.next_row, (text,), problem))
    return []


def _keep(rows: _Rows, records: list[list[str]]) -> None:
    numbers = np.arange(rows.next_row, rows.next_row + len(records))
    rows.next_row += len(records)
    width = len(rows.headers)
    if set(map(len, records)) != {width}:
        fitting = [len(record) == width for record in records]
        for number, record in zip(numbers, records, strict=True):
            if record and len(record) != width:
                rows.rejected.append(_ragged(rows, int(number), record))
        numbers = numbers[np.array(fitting)]
        records = [record for record, fits in zip(records, fitting, strict=True) if fits]
    if records:
        rows.tables.append(string_table(rows.headers, list(zip(*records, strict=True))))
        rows.numbers.append(numbers)


def _ragged(rows: _Rows, number: int, record: list[str]) -> RawReject:
    many = len(record) > len(rows.headers)
    message = (
        f"the row has {len(record)} cells, the header {len(rows.headers)}: "
        f"too {'many' if many else 'few'}."
    )
    remedy = "Put cells that hold the separator into quotes, and give each row all its cells."
    return RawReject(
        number, tuple(record), Problem(rows.path.name, number, None, None, message, remedy)
    )


def _reject_unreadable(rows: _Rows, *, damaged: bool) -> None:
    """Set aside rows that hold NUL characters or, in a damaged file, bytes that mean nothing."""
    pattern = "[\\x00\ufffd]" if damaged else "\\x00"
    for place, table in enumerate(rows.tables):
        bad = np.zeros(len(table), bool)
        for column in table.columns:
            bad |= pc.match_substring_regex(column, pattern).to_numpy()
        if bad.any():
            numbers = rows.numbers[place]
            for row, record in zip(
                numbers[bad], table.filter(pa.array(bad)).to_pylist(), strict=True
            ):
                rows.rejected.append(_unreadable(rows.path, int(row), record))
            rows.tables[place] = table.filter(pa.array(~bad))
            rows.numbers[place] = numbers[~bad]


def _unreadable(path: Path, row: int, record: dict[str, str]) -> RawReject:
    column, value = next((c, v) for c, v in record.items() if "\x00" in v or "\ufffd" in v)
    shown = value.replace("\x00", "\ufffd")
    message = "the cell holds bytes that are no text."
    remedy = "Write the cell again; the unreadable places show as \ufffd."
    problem = Problem(path.name, row, column, shown, message, remedy)
    cells = tuple(cell.replace("\x00", "\ufffd") for cell in record.values())
    return RawReject(row, cells, problem)
