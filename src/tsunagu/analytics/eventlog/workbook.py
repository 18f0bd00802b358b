"""Excel workbooks as tables: one sheet, dates as ISO dates, errors as they show (#REF!)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import python_calamine as calamine

from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog.encoding import file_error
from tsunagu.analytics.eventlog.formula_errors import formula_errors
from tsunagu.analytics.eventlog.merged import Header, Range, merged_header
from tsunagu.analytics.eventlog.sources import Source, string_table, unique_headers

_TOP_ROWS = 20


def read_workbook(path: Path, *, sheet: str | None = None, header_row: int | None = None) -> Source:
    """The named sheet, or the first that is not hidden.

    Args:
        path: an ``.xlsx``, ``.xlsm``, ``.xls`` or ``.ods`` file.
        sheet: name of the sheet.
        header_row: row number of the header; default: the first of the top rows that fills more
            than half as many cells as the fullest of them, so that a title above does not count.

    Raises:
        InputError: if the file is no workbook, needs a password or lacks the sheet.
    """
    book = _open(path)
    name = sheet if sheet is not None else _first_visible(book)
    if name not in book.sheet_names:
        shown = ", ".join(f"“{known}”" for known in book.sheet_names)
        raise file_error(path, f"there is no sheet “{name}”.", f"Its sheets are {shown}.")
    found = book.get_sheet_by_name(name)
    cells = found.to_python(skip_empty_area=False)
    for (row, column), error in formula_errors(path, name).items():
        if row < len(cells) and column < len(cells[row]):
            cells[row][column] = error
    top = header_row - 1 if header_row else _header_place(cells)
    header = merged_header(cells, top, _merged(found))
    return _as_source(path, cells, header, _notices(path, book, name, sheet))


def _merged(sheet: calamine.CalamineSheet) -> list[Range]:
    """The sheet's merged ranges; formats that do not tell of them have none."""
    return [Range(*start, *end) for start, end in sheet.merged_cell_ranges or ()]


def sheets(path: Path) -> list[tuple[str, bool]]:
    """The workbook's sheets that are not hidden, and whether they have a header and a row.

    Raises:
        InputError: if the file is no workbook or needs a password.
    """
    book = _open(path)
    visible = calamine.SheetVisibleEnum.Visible
    names = [meta.name for meta in book.sheets_metadata if meta.visible == visible]
    return [(name, book.get_sheet_by_name(name).height > 1) for name in names]


def _open(path: Path) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError as error:
        message, remedy = "the workbook needs a password.", "Save it again without a password."
        raise file_error(path, message, remedy) from error
    except FileNotFoundError as error:
        raise file_error(path, "the file does not exist.", "Check the path.") from error
    except (calamine.CalamineError, OSError) as error:
        raise _not_a_workbook(path, error) from error


def _not_a_workbook(path: Path, error: Exception) -> InputError:
    message = f"the file is no Excel workbook, or is damaged ({error})."
    return file_error(path, message, "Open it in Excel and save it again as .xlsx or CSV UTF-8.")


def _first_visible(book: calamine.CalamineWorkbook) -> str:
    visible = calamine.SheetVisibleEnum.Visible
    shown = [meta.name for meta in book.sheets_metadata if meta.visible == visible]
    return shown[0] if shown else str(book.sheet_names[0])


def _notices(
    path: Path, book: calamine.CalamineWorkbook, name: str, asked: str | None
) -> tuple[str, ...]:
    if asked is not None or len(book.sheet_names) == 1:
        return ()
    return (f"{path.name} has {len(book.sheet_names)} sheets; “{name}” was read.",)


def _as_source(
    path: Path, cells: list[list[Any]], header: Header, notices: tuple[str, ...]
) -> Source:
    if header.first >= len(cells):
        raise file_error(path, "the sheet is empty.", "Export it again with its header and rows.")
    below = header.last + 1
    width = max(_width(header.names), *(_width(row) for row in cells[below:]), 0)
    headers, repeated = unique_headers(path, [_text(cell) for cell in header.names[:width]])
    body = [(row, number) for number, row in enumerate(cells[below:], below + 1) if _width(row)]
    columns = [[_text(row[place]) for row, _ in body] for place in range(width)]
    table = string_table(headers, columns)
    numbers = np.array([number for _, number in body], np.int64)
    return Source(path.name, table, numbers, (), repeated, notices=notices)


def _header_place(cells: list[list[Any]]) -> int:
    filled = [sum(cell != "" for cell in row) for row in cells[:_TOP_ROWS]]
    fullest = max(filled, default=0)
    return next((place for place, n in enumerate(filled) if n and 2 * n > fullest), len(cells))


def _width(row: list[Any]) -> int:
    return max((place for place, cell in enumerate(row, 1) if cell != ""), default=0)


def _text(cell: Any) -> str:
    """A typed cell as text that reads back as the same value."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return _text_of_time(cell)


def _text_of_time(cell: Any) -> str:
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
