"""Writes rows into files, one after the other: a million rows need no more memory than ten."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from tsunagu.app.exports.shift_jis import Encoder
from tsunagu.app.listing import Cell
from tsunagu.app.spreadsheets import safe

Notes: TypeAlias = dict[str, Any]
"""What the format could not hold, to be told; empty where it held everything."""

Rows: TypeAlias = Iterable[Sequence[Cell]]
Writer: TypeAlias = Callable[[Path, Sequence[str], Rows], Notes]

EXCEL_TEXT = 32_767
"""Characters that a cell of Excel holds."""

EXCEL_ROWS = 1_048_576
"""Rows that a sheet of Excel holds."""

EXCEL_BEGINS = 1901
"""The first year whose days Excel counts right; earlier ones are written as text."""

WIDEST, NARROWEST = 40, 10
"""Of a workbook's columns, in characters."""


def write_utf8(path: Path, headings: Sequence[str], rows: Rows) -> Notes:
    """A CSV with the mark by which Excel knows UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(map(safe, headings))
        writer.writerows([_text(cell) for cell in row] for row in rows)
    return {}


def write_cp932(path: Path, headings: Sequence[str], rows: Rows) -> Notes:
    """A CSV for programs that read Shift_JIS only; the notes tell what it lacks."""
    encoder, line = Encoder(), io.StringIO()
    writer = csv.writer(line)
    with path.open("wb") as stream:
        for row in chain([headings], rows):
            writer.writerow([_text(cell) for cell in row])
            stream.write(encoder.line(line.getvalue()))
            line.seek(0)
            line.truncate()
    if not encoder.replaced:
        return {}
    return {
        "replaced": encoder.replaced,
        "characters": encoder.characters,
        "row": encoder.first_row,
    }


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f") if cell == cell.to_integral() else str(cell)
    return safe(cell)


def write_workbook(path: Path, headings: Sequence[str], rows: Rows) -> Notes:
    """A workbook whose numbers and dates are such; beyond a sheet's end goes on in a next one."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        return _Sheets(book, headings).write(rows)


class _Sheets:
    """The sheets of one workbook; the workbook keeps only the row at work."""

    def __init__(self, book: Any, headings: Sequence[str]) -> None:
        self.book, self.headings = book, headings
        self.head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.cut = 0

    def write(self, rows: Rows) -> Notes:
        sheet, place = self._new_sheet(), 1
        for row in rows:
            if place == EXCEL_ROWS:
                sheet, place = self._new_sheet(), 1
            for column, cell in enumerate(row):
                self._write(sheet, place, column, cell)
            place += 1
        return {"cut": self.cut} if self.cut else {}

    def _new_sheet(self) -> Any:
        sheet = self.book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(self.headings):
            sheet.set_column(column, column, max(NARROWEST, min(WIDEST, 2 * len(heading))))
            sheet.write_string(0, column, heading, self.head)
        return sheet

    def _write(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, str):
            self.cut += len(cell) > EXCEL_TEXT
            sheet.write_string(row, column, cell[:EXCEL_TEXT])
        elif isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, date):
            self._write_day(sheet, row, column, cell)
        else:
            sheet.write_number(row, column, cell)

    def _write_day(self, sheet: Any, row: int, column: int, cell: date) -> None:
        look = self.instant if isinstance(cell, datetime) else self.day
        if cell.year < EXCEL_BEGINS:
            sheet.write_string(row, column, _text(cell))
        else:
            moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
            sheet.write_datetime(row, column, moment, look)


def counted(rows: Rows, tell: Callable[[int], None], every: int = 5_000) -> Iterator[Any]:
    """The rows as they are; ``tell`` hears how many have gone by."""
    for number, row in enumerate(rows, 1):
        yield row
        if number % every == 0:
            tell(number)
