"""A source file as a table: its columns as written, and each row's number in the file."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.eventlog.encoding import file_error

Integers: TypeAlias = NDArray[np.int64]
OWN_COLUMNS = "tsunagu_"
"""Columns whose names start so are ours: reject files carry them, readers skip them."""


@dataclass(frozen=True)
class RawReject:
    """A row that could not even be split into the header's columns."""

    row: int
    cells: tuple[str, ...]
    problem: Problem


@dataclass(frozen=True)
class Source:
    """One source file.

    Attributes:
        name: the file's name.
        table: one column a header.
        rows: row number in the file of each row, counted from 1 with the header.
        rejected: rows that are broken as such.
        repeated: headers that stand more than once; such a column cannot be used.
        original: for a mended reject file, the name of the file that its rows came from.
        notices: what the user should know about the file.
    """

    name: str
    table: pa.Table
    rows: Integers
    rejected: tuple[RawReject, ...] = ()
    repeated: frozenset[str] = frozenset()
    original: str | None = None
    notices: tuple[str, ...] = field(default=())

    def column(self, name: str) -> pa.Array:
        """One column, in one piece.

        Raises:
            InputError: if there is no such column, or more than one.
        """
        if name in self.repeated:
            raise self._column_error(name, "stands more than once in the header.", "Rename one.")
        if name not in self.table.column_names:
            raise self._column_error(name, "is not in the file.", self._nearest(name))
        column = self.table.column(name)
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.table.column_names

    def _column_error(self, name: str, message: str, remedy: str) -> InputError:
        return InputError(Problem(self.name, 1, name, None, f"the column {message}", remedy))

    def _nearest(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.table.column_names, n=1)
        if near:
            return f"Did you mean “{near[0]}”? Correct the mapping or the header."
        shown = ", ".join(f"“{header}”" for header in self.table.column_names[:12])
        return f"Correct the mapping or the header. The file has {shown}."


def stem(name: str) -> str:
    """A file's name without ``.gz`` and its type: ``calls.csv.gz`` is ``calls``."""
    return Path(name.removesuffix(".gz")).stem


def unique_headers(path: Path, headers: Sequence[str]) -> tuple[list[str], frozenset[str]]:
    """Trimmed headers, each once; the ones that repeated.  Empty ones are numbered.

    Raises:
        InputError: if no header says anything.
    """
    trimmed = [header.strip() for header in headers]
    if not any(trimmed):
        raise file_error(path, "the header is empty.", "Write a name above each column.", 1)
    named = [name or f"(column {place})" for place, name in enumerate(trimmed, start=1)]
    repeated = frozenset(name for name, times in Counter(named).items() if times > 1)
    unique: list[str] = []
    for name in named:
        unique.append(name if name not in unique else _free_name(name, {*named, *unique}))
    return unique, repeated


def _free_name(name: str, taken: set[str]) -> str:
    return next(free for n in count(2) if (free := f"{name} ({n})") not in taken)


def string_table(headers: Sequence[str], columns: Sequence[Any]) -> pa.Table:
    """A table of strings."""
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.table(arrays, names=list(headers))


def mended(source: Source) -> Source:
    """A mended reject file as what it is: rows of another file, under their old numbers.

    Other sources are handed back as they are.  A row that the user wrote by hand, without a
    number, is counted on from the file's last.
    """
    own = [name for name in source.table.column_names if name.startswith(OWN_COLUMNS)]
    if f"{OWN_COLUMNS}row" not in own or f"{OWN_COLUMNS}source" not in own:
        return replace(source, table=source.table.drop_columns(own)) if own else source
    names = source.table.column(f"{OWN_COLUMNS}source").drop_null().unique().to_pylist()
    if len(names) != 1:
        remedy = "Leave the reject file's own columns (tsunagu_…) as they were written."
        message = "it is not clear of which file these rows are."
        raise InputError(Problem(source.name, None, "tsunagu_source", None, message, remedy))
    numbers = _old_numbers(source)
    return replace(source, table=source.table.drop_columns(own), rows=numbers, original=names[0])


def _old_numbers(source: Source) -> Integers:
    written = source.table.column(f"{OWN_COLUMNS}row").to_pylist()
    numbers = [int(w) if w and w.strip().isdecimal() else -1 for w in written]
    top = max(numbers, default=0)
    return np.array([n if n >= 0 else top + place for place, n in enumerate(numbers, 1)], np.int64)


def merge_mended(sources: Sequence[Source], repairs: Sequence[Source]) -> list[Source]:
    """Mended rows put in place of the rows of the files that they came from.

    A later repair of the same row wins.

    Raises:
        InputError: if a mended file's original is not among the sources, or has another column.
    """
    merged = {source.name: source for source in sources}
    for repair in repairs:
        name = str(repair.original)
        if name not in merged:
            message = f"these are rows of {name}, which is not among the sources."
            remedy = f"Name {name} as well: its other rows belong to the log too."
            raise InputError(Problem(repair.name, None, None, None, message, remedy))
        merged[name] = _with_repairs(merged[name], repair)
    return list(merged.values())


def _with_repairs(source: Source, repair: Source) -> Source:
    wanted = source.table.column_names
    repairs = pa.table([repair.column(name) for name in wanted], names=wanted)
    kept = ~np.isin(source.rows, repair.rows)
    texts = _as_strings(source.table.filter(pa.array(kept)))
    rows = np.concatenate([source.rows[kept], repair.rows])
    order = np.argsort(rows, kind="stable")
    table = pa.concat_tables([texts, repairs.cast(texts.schema)]).take(pa.array(order))
    rejected = tuple(r for r in source.rejected if r.row not in set(repair.rows.tolist()))
    return replace(source, table=table, rows=rows[order], rejected=(*rejected, *repair.rejected))


def _as_strings(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([pa.field(name, pa.string()) for name in table.column_names]))
