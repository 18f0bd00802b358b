"""Rows of a report that are no records: totals, and the lines that some systems put at its end.

They are left out with a word, not rejected: nobody can mend them, and a person who exports a
report every week should not read about them as mistakes.

A report of Salesforce ends, after an empty line, with “Grand Totals (5,700 records)” where it has
groups, then the report's name, who made it, “Confidential Information - Do Not Distribute” and
“Copyright (c) 2000-… salesforce.com, inc. All rights reserved.”; each a line of one cell. The lines
in other languages are known by standing in one block with that copyright.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.eventlog import cells
from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.sources import RawReject, Source

_TOTALS = r"(?i)^(?:合計|小計|総計|総合計|計|平均|件数|(?:sub|grand )?totals?|sum)(?:\s*[(:].*)?$"
"""First cells of rows of totals, alone or with a count behind them; full-width made half-width."""

_SIGNATURE = re.compile(
    r"(?i)confidential information - do not distribute|copyright .*salesforce|salesforce\.com"
)
_FEWEST_COLUMNS = 3
"""In a narrower table a row of one cell may well be a record."""

_FIRST_CELLS = 3
"""A row of totals is told by the first filled of so many cells."""


def without_remarks(source: Source) -> Source:
    """The source without rows of totals and without the lines at its end that are no records."""
    totals = _totals(source)
    raw = {reject.row for reject in source.rejected if _is_total(_first_cell(reject))}
    ending = _ending(source)
    gone = totals | np.isin(source.rows, sorted(ending))
    lines = sorted({*source.rows[gone].tolist(), *raw, *ending})
    if not lines:
        return source
    kept = tuple(reject for reject in source.rejected if reject.row not in lines)
    return replace(
        source,
        table=source.table.filter(pa.array(~gone)),
        rows=source.rows[~gone],
        rejected=kept,
        notices=(*source.notices, _notice(source.name, lines)),
    )


def _notice(name: str, lines: Sequence[int]) -> str:
    shown = ", ".join(f"{line:,}" for line in lines[:5]) + (", …" if len(lines) > 5 else "")
    return f"{name}: totals and remarks are no records and were left out: row {shown}"


def _totals(source: Source) -> Mask:
    first = pa.nulls(len(source.table), pa.string())
    for name in source.table.column_names[:_FIRST_CELLS]:
        values = source.table.column(name)
        if pa.types.is_string(values.type):
            first = pc.coalesce(first, cells.plain(values))
    found = pc.match_substring_regex(first, _TOTALS).fill_null(False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _is_total(cell: str | None) -> bool:
    return cell is not None and re.match(_TOTALS, normalize("NFKC", cell)) is not None


def _first_cell(reject: RawReject) -> str | None:
    return next((cell.strip() for cell in reject.cells if cell.strip()), None)


def _only_cell(reject: RawReject) -> str | None:
    """The first cell of a row that is filled nowhere else."""
    filled = [cell.strip() for cell in reject.cells if cell.strip()]
    return filled[0] if len(filled) == 1 else None


def _ending(source: Source) -> set[int]:
    """Numbers of the last rows, one cell each, if one of them says whose report it is."""
    if len(source.table.column_names) < _FEWEST_COLUMNS:
        return set()
    single = _single_cells(source)
    last_record = max((int(row) for row in source.rows if int(row) not in single), default=0)
    after = {row: cell for row, cell in single.items() if row > last_record}
    return set(after) if any(_SIGNATURE.search(cell) for cell in after.values()) else set()


def _single_cells(source: Source) -> dict[int, str]:
    """The rows with one filled cell: ragged ones, and those near the end that were padded."""
    found = {r.row: cell for r in source.rejected if (cell := _only_cell(r)) is not None}
    tail = source.table.slice(max(0, len(source.table) - _TAIL))
    rows = source.rows[max(0, len(source.table) - _TAIL) :]
    for number, record in zip(rows.tolist(), tail.to_pylist(), strict=True):
        filled = [cell for cell in record.values() if isinstance(cell, str) and cell.strip()]
        if len(filled) == 1:
            found[number] = filled[0]
    return found


_TAIL = 20
"""So many of the last rows can be the lines at the end."""
