"""The door to XES files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from tsunagu.analytics.contracts import Progress
from tsunagu.analytics.eventlog.xes.general import walk
from tsunagu.analytics.eventlog.xes.plain import NotPlain, scan
from tsunagu.analytics.eventlog.xes.source import utf8_blocks
from tsunagu.analytics.eventlog.xes.table import Attributes, TableBuilder

Reading = Callable[[Path, Iterator[bytes]], Iterator[Attributes]]


def read_xes(path: Path, *, progress: Progress | None = None) -> pa.Table:
    """Read an XES log (IEEE 1849), packed with gzip or not, into one table.

    Args:
        path: ``.xes`` or ``.xes.gz``; the content tells, not the name.
        progress: told the share of the file that was read; may raise to stop.

    Returns:
        One row an event, in file order.  Attributes of the trace are columns ``case:<key>``, those
        of the event ``<key>``; absent is null.  All are strings as written (numbers too, so that
        nothing is rounded or guessed), except ``<date>`` attributes: ``timestamp[us, UTC]`` if
        every value of the column is a date with an offset, else strings as written, for the
        reader's rules on time zones and bad dates to decide.  ``tsunagu_row`` (int64) numbers the
        events of the file from 1.  A trace without events has one row, in which ``tsunagu_row``
        and all event columns are null.  Attributes of attributes, lists and containers, and
        attributes of the log itself are not read.

    Raises:
        InputError: the file is missing, empty, truncated, damaged, not well-formed XML, not XES, in
            another encoding than declared, or hostile (DOCTYPE, gzip bomb, endless token).  Never a
            part of the events.
    """
    try:
        return _build(path, scan, progress)
    except NotPlain:
        return _build(path, walk, progress)


def _build(path: Path, reading: Reading, progress: Progress | None) -> pa.Table:
    builder = TableBuilder(path)
    for attributes in reading(path, utf8_blocks(path, progress)):
        builder.add(attributes)
    return builder.finish()
