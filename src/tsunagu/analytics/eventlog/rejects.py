"""Reject files: rows that could not be read, each with its reason, to be mended and read again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tsunagu.analytics.errors import Problem
from tsunagu.analytics.eventlog.cells import as_text
from tsunagu.analytics.eventlog.sheet import Sheet

REJECTS_FOLDER = "rejects"
REASON_COLUMNS = (
    "tsunagu_source",
    "tsunagu_row",
    "tsunagu_column",
    "tsunagu_problem",
    "tsunagu_remedy",
)
EXTRA_COLUMN = "tsunagu_extra"
"""Cells of a row that go beyond the header."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Reject:
    """One rejected row: its cells as written, and why."""

    row: int
    cells: tuple[str, ...]
    problem: Problem


def rejects_of(sheet: Sheet) -> list[Reject]:
    """All rejected rows of a sheet, in the order of the file."""
    raw = [Reject(r.row, r.cells, r.problem) for r in sheet.source.rejected]
    return sorted([*raw, *_faulty(sheet)], key=lambda reject: reject.row)


def _faulty(sheet: Sheet) -> Iterator[Reject]:
    places = np.flatnonzero(sheet.faults.faulty)
    table = sheet.source.table.take(pa.array(places))
    texts = [as_text(column).to_pylist() for column in table.columns]
    names = table.column_names
    for place, *cells in zip(places, *texts, strict=True):
        fault = sheet.faults.reasons[sheet.faults.first[place]]
        value = cells[names.index(fault.column)] if fault.column in names else None
        row = int(sheet.source.rows[place])
        where = (sheet.source.name, row, fault.column, value)
        yield Reject(
            row, tuple(c or "" for c in cells), Problem(*where, fault.message, fault.remedy)
        )


def write_rejects(folder: Path, sheet: Sheet, rejects: Iterable[Reject]) -> Path:
    """Write one source's reject file: UTF-8 with a byte order mark, safe to open in Excel."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sheet.source.name.removesuffix('.gz').removesuffix('.csv')}.csv"
    headers = sheet.source.table.column_names
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*headers, *REASON_COLUMNS, EXTRA_COLUMN])
        for reject in rejects:
            writer.writerow(_line(sheet.source.name, reject, len(headers)))
    return path


def _line(name: str, reject: Reject, width: int) -> list[str]:
    cells = [*reject.cells[:width], *[""] * (width - len(reject.cells))]
    problem = reject.problem
    shown = "" if problem.value is None else f" (“{problem.value}”)"
    reason = [name, str(reject.row), problem.column or "", problem.message + shown, problem.remedy]
    extra = "\n".join(reject.cells[width:])
    return [defused(cell) for cell in [*cells, *reason, extra]]


def defused(cell: str) -> str:
    """A cell that a spreadsheet does not take for a formula: an apostrophe is put before it."""
    return f"'{cell}" if cell.lstrip("'").startswith(_DANGEROUS) else cell


def as_written(cell: str) -> str:
    """The cell before :func:`defused`."""
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(_DANGEROUS)
    return cell[1:] if guarded else cell
