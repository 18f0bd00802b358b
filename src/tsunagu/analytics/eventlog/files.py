"""Paths to sources: which reader a file needs, and which tables of the mapping take it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import Progress
from tsunagu.analytics.eventlog.cells import by_distinct_values
from tsunagu.analytics.eventlog.columnar import read_parquet
from tsunagu.analytics.eventlog.delimited import read_delimited
from tsunagu.analytics.eventlog.encoding import file_error, open_bytes
from tsunagu.analytics.eventlog.mapping import FileChoice
from tsunagu.analytics.eventlog.rejects import as_written
from tsunagu.analytics.eventlog.remarks import without_remarks
from tsunagu.analytics.eventlog.sources import OWN_COLUMNS, Source, mended, merge_mended
from tsunagu.analytics.eventlog.store import DEALS_FILE, EVENTS_FILE, META_FILE
from tsunagu.analytics.eventlog.workbook import read_workbook
from tsunagu.analytics.eventlog.xes import read_xes

_TEXT = (".csv", ".tsv", ".txt")
_WORKBOOK = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_PARQUET = (".parquet", ".pq")
_XES = (".xes",)
XES_ROW = "tsunagu_row"


@dataclass(frozen=True)
class Assigned:
    """A source and the numbers of the tables that take it (0: the deals table)."""

    source: Source
    tables: tuple[int, ...]


def load_source(path: Path, choice: FileChoice | None = None) -> Source:
    """Read one file by its type.

    Raises:
        InputError: if the file cannot be read as a whole, or is of no known type.
    """
    choice = choice or FileChoice()
    kind = Path(path.name.removesuffix(".gz")).suffix.lower()
    if kind in _WORKBOOK:
        return without_remarks(mended(_named_by_sheet(path, choice)))
    if kind in _PARQUET:
        return mended(read_parquet(path))
    if kind in _TEXT:
        source = mended(read_delimited(path, encoding=choice.encoding))
        return without_remarks(unguarded(source) if source.original is not None else source)
    if kind in _XES:
        return _event_numbered(path, read_xes(path))
    known = ", ".join((*_TEXT, *_WORKBOOK, *_PARQUET, *_XES))
    raise file_error(path, "the type of file is not known.", f"Give one of {known}; .gz is fine.")


def _event_numbered(path: Path, table: pa.Table) -> Source:
    """An XES log: rows are numbered by event; cases without any event are left out."""
    number = table.column(XES_ROW)
    empty = number.null_count
    rows = np.asarray(number.drop_null().to_numpy())
    events = table.filter(number.is_valid()).drop_columns([XES_ROW])
    notices = (f"{path.name}: {empty:,} cases have no event and are left out.",) if empty else ()
    return Source(path.name, events, rows, notices=notices)


def _named_by_sheet(path: Path, choice: FileChoice) -> Source:
    source = read_workbook(path, sheet=choice.sheet, header_row=choice.header_row)
    if choice.sheet is None:
        return source
    return replace(source, name=f"{path.stem} [{choice.sheet}]{path.suffix}")


def unguarded(source: Source) -> Source:
    """A source that we wrote, without the apostrophes that keep spreadsheets from computing."""
    table = source.table
    for place, name in enumerate(table.column_names):
        plain = by_distinct_values(table.column(name), _as_written)
        table = table.set_column(place, name, plain)
    return replace(source, table=table)


def _as_written(values: pa.Array) -> pa.Array:
    return pa.array([None if v is None else as_written(v) for v in values.to_pylist()], pa.string())


def expand(sources: Iterable[Path]) -> list[Path]:
    """Each path once; a log's folder as its two files.

    Raises:
        InputError: if a path does not exist, or is another folder.
    """
    paths: dict[Path, Path] = {}
    for path in sources:
        for each in _files_of(path):
            paths.setdefault(each.resolve(), each)
    return list(paths.values())


def _files_of(path: Path) -> list[Path]:
    if (path / META_FILE).is_file():
        return [path / DEALS_FILE, path / EVENTS_FILE]
    if path.is_dir():
        raise file_error(path, "is a folder, not a file.", "Name the files in it.")
    if not path.exists():
        raise file_error(path, "the file does not exist.", "Check the path.")
    return [path]


def load_assigned(
    paths: Sequence[Path],
    choices: Sequence[FileChoice],
    ready: Mapping[Path, Source] | None = None,
    step: Progress | None = None,
) -> list[Assigned]:
    """Read the files and assign them to the mapping's tables, mended rows in their place.

    Args:
        paths: the files.
        choices: how each table chooses its files, the deals table first.
        ready: sources that have been read already, to be used as they are.
        step: told each file and the share of files done; may raise to stop.

    Raises:
        InputError: if a file belongs to no table, a table gets no file, or two share a name.
    """
    originals: dict[str, Assigned] = {}
    repairs = []
    for done, path in enumerate(paths):
        if step is not None:
            step(f"read {path.name}", done / len(paths))
        if _is_reject_file(path):
            repairs.append(load_source(path))
            continue
        for assigned in _assign(path, choices, ready or {}):
            if assigned.source.name in originals:
                remedy = "Rename one, so that messages and reject files tell them apart."
                raise file_error(path, "another source has the same name.", remedy)
            originals[assigned.source.name] = assigned
    merged = merge_mended([a.source for a in originals.values()], repairs)
    result = [Assigned(source, originals[source.name].tables) for source in merged]
    _check_every_table(result, choices)
    return sorted(result, key=lambda assigned: assigned.tables)


def _is_reject_file(path: Path) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    with open_bytes(path) as stream:
        return f"{OWN_COLUMNS}source".encode() in stream.readline(1 << 16)


def _assign(
    path: Path, choices: Sequence[FileChoice], ready: Mapping[Path, Source]
) -> list[Assigned]:
    """One source for each way of reading the file that tables ask for."""
    ways: dict[FileChoice, list[int]] = {}
    for number in _tables_taking(path.name, choices):
        ways.setdefault(replace(choices[number], file=None), []).append(number)
    if not ways:
        remedy = "Leave the file away, or correct the mapping's file = … patterns."
        raise file_error(path, "no table of the mapping takes this file.", remedy)
    if path in ready:
        return [Assigned(ready[path], tuple(n for tables in ways.values() for n in tables))]
    return [Assigned(load_source(path, way), tuple(tables)) for way, tables in ways.items()]


def _tables_taking(name: str, choices: Sequence[FileChoice]) -> list[int]:
    """The tables that name the file; else those that name none."""
    named = [number for number, choice in enumerate(choices) if choice.takes(name)]
    return named or [number for number, choice in enumerate(choices) if choice.file is None]


def _check_every_table(assigned: Sequence[Assigned], choices: Sequence[FileChoice]) -> None:
    served = {number for each in assigned for number in each.tables}
    for number, choice in enumerate(choices):
        if number not in served:
            table = "deals" if number == 0 else f"events[{number}]"
            pattern = choice.file or "…"
            message = f"no source is named like the mapping's {table} (file = “{pattern}”)."
            remedy = "Name the file among the sources, or correct the pattern."
            raise file_error(Path(pattern), message, remedy)
