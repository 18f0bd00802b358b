"""CSV and TSV files as tables: streamed, with bounded memory a row, broken rows set aside.

The standard library's ``csv`` reader does the splitting: it keeps multi-line cells, tells a row
that is too short or too long, and has a limit for a single cell.
"""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.errors import Problem
from tsunagu.analytics.eventlog.encoding import (
    Encoding,
    blocks,
    detect_encoding,
    file_error,
    open_text,
)
from tsunagu.analytics.eventlog.sources import RawReject, Source, string_table, unique_headers

CELL_LIMIT = 1 << 20
"""Characters that one cell, or one line without a line break, may have."""

_BLOCK = 1 << 20
_BATCH = 2_000
_SAMPLE = 20
_SEPARATORS = (",", "\t", ";")


@dataclass
class _Rows:
    """What has been split so far."""

    path: Path
    headers: list[str]
    next_row: int
    tables: list[pa.Table] = field(default_factory=list)
    numbers: list[NDArray[np.int64]] = field(default_factory=list)
    rejected: list[RawReject] = field(default_factory=list)


@dataclass(frozen=True)
class _BrokenLine:
    """A line with which no record can start, and why."""

    line: str
    error: str


def read_delimited(
    path: Path, *, encoding: str | None = None, cell_limit: int = CELL_LIMIT
) -> Source:
    """A CSV or TSV file, plain or ``.gz``, separated by commas, tabs or semicolons.

    Raises:
        InputError: if the file cannot be decoded, is empty, or has a line over ``cell_limit``.
    """
    _check_lines(path, cell_limit)
    known = Encoding(encoding) if encoding else detect_encoding(path)
    before = csv.field_size_limit(cell_limit)
    try:
        with open_text(path, known) as stream:
            source = _read(path, stream, damaged=known.damaged)
    finally:
        csv.field_size_limit(before)
    return replace(source, notices=_guess_notice(path, known)) if known.guessed else source


def _guess_notice(path: Path, known: Encoding) -> tuple[str, ...]:
    remedy = "if names look wrong, name the encoding in the mapping."
    return (f"{path.name}: the encoding was guessed to be {known.name}; {remedy}",)


def _check_lines(path: Path, limit: int) -> None:
    """Refuse a file with an endless line before any of its lines is held in memory."""
    size, number = 0, 1
    for block in blocks(path, min(limit, _BLOCK)):
        ends = block.count(b"\n")
        first = block.find(b"\n") if ends else len(block)
        if size + first > limit and b"\r" not in block:
            message = f"line {number:,} is longer than {limit:,} bytes."
            remedy = "Is this a CSV file? Export it again with line breaks between the rows."
            raise file_error(path, message, remedy, number)
        number += ends
        size = len(block) - block.rfind(b"\n") - 1 if ends else size + len(block)


def _read(path: Path, stream: IO[str], *, damaged: bool) -> Source:
    lines = list(islice(stream, _SAMPLE))
    separator = _separator(path, lines)
    skipped = 1 if lines and lines[0].lower().startswith("sep=") else 0
    batches = _batches(stream, lines[skipped:], separator)
    header, row, first_batch = _header(path, batches, skipped + 1)
    headers, repeated = unique_headers(path, header)
    rows = _Rows(path, headers, next_row=row + 1)
    for batch in chain([first_batch], batches):
        _keep_or_reject(rows, batch)
    _reject_unreadable(rows, damaged=damaged)
    empty = string_table(headers, [[]] * len(headers))
    table = pa.concat_tables([empty, *rows.tables])
    numbers = np.concatenate([np.empty(0, np.int64), *rows.numbers])
    return Source(path.name, table, numbers, tuple(rows.rejected), repeated)


def _separator(path: Path, sample: list[str]) -> str:
    """The separator that splits the first lines most evenly; commas in doubt."""
    if sample and sample[0].lower().startswith("sep="):
        return sample[0][4:5].strip() or ","
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


_Batch: TypeAlias = list[list[str]] | _BrokenLine


def _header(
    path: Path, batches: Iterator[_Batch], row: int
) -> tuple[list[str], int, list[list[str]]]:
    """The first record with any text, its row number, and the rest of its batch."""
    for batch in batches:
        if isinstance(batch, _BrokenLine):
            message, remedy = f"the header is broken ({batch.error}).", "Mend its quotes."
            raise file_error(path, message, remedy, row)
        for place, record in enumerate(batch):
            if any(cell.strip() for cell in record):
                return record, row + place, batch[place + 1 :]
        row += len(batch)
    raise file_error(path, "the file is empty.", "Export it again with its header and rows.")


def _batches(stream: IO[str], lines: list[str], separator: str) -> Iterator[_Batch]:
    """Records in batches, and the lines that break one."""
    while True:
        block = stream.readlines(_BLOCK)
        lines += block
        used = yield from _split(lines, separator, final=not block)
        lines = lines[used:]
        if not block:
            return


def _split(lines: list[str], separator: str, *, final: bool) -> Generator[_Batch, None, int]:
    """Batches of these lines; how many of them were used.

    A record whose lines have not all been read yet is left, unless this is the ``final`` call.
    """
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start:], delimiter=separator, strict=True)
        done = start
        try:
            while batch := list(islice(reader, _BATCH)):
                yield batch
                done = start + reader.line_num
            return len(lines)
        except csv.Error:
            good, done, error = _one_by_one(lines, done, separator)
        yield good
        if error.startswith("unexpected end") and not final:
            return done
        yield _BrokenLine(lines[done], error)
        start = done + 1
    return len(lines)


def _one_by_one(lines: list[str], start: int, separator: str) -> tuple[list[list[str]], int, str]:
    """The good records before the broken one, the line where that starts, and its error."""
    reader = csv.reader(lines[start:], delimiter=separator, strict=True)
    good: list[list[str]] = []
    done = 0
    try:
        for record in reader:
            good.append(record)
            done = reader.line_num
    except csv.Error as error:
        return good, start + done, str(error)
    return good, len(lines), ""


def _keep_or_reject(rows: _Rows, batch: _Batch) -> None:
    if not isinstance(batch, _BrokenLine):
        _keep(rows, batch)
        return
    unclosed = batch.error.startswith(("unexpected end", "field larger"))
    message = (
        "a cell's closing quote is missing, or the cell is too long."
        if unclosed
        else "the quotes of this row do not match."
    )
    remedy = "Put each cell that holds quotes into quotes, and double the quotes inside."
    text = batch.line.rstrip("\r\n")
    problem = Problem(rows.path.name, rows.next_row, None, text[:200], message, remedy)
    rows.rejected.append(RawReject(rows.next_row, (text,), problem))
    rows.next_row += 1


def _keep(rows: _Rows, records: list[list[str]]) -> None:
    numbers = np.arange(rows.next_row, rows.next_row + len(records))
    rows.next_row += len(records)
    width = len(rows.headers)
    if set(map(len, records)) != {width}:
        fitting = [len(record) == width for record in records]
        for number, record in zip(numbers, records, strict=True):
            if record and len(record) != width:
                rows.rejected.append(_ragged(rows, int(number), record))
        numbers = numbers[np.array(fitting, bool)]
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
