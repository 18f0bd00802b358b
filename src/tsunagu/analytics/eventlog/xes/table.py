"""From attributes as they stand in the file to one table with a row an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.eventlog.xes.problems import EXPORT_AGAIN, broken

ROW = "tsunagu_row"
CASE_PREFIX = "case:"
MAX_COLUMNS = 1_000
MAX_REPEATED_BYTES = 1 << 30
"""For one column in some traces, and for all columns of the file eight times as much."""

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Attributes:
    """Attributes of some whole traces, in file order; five columns of equal length and a map.

    Attributes:
        traces: number of traces.
        trace_of_event: one an event, the number of its trace, from 0.
        trace: number of the trace that the attribute belongs to.
        event: number of the event that the attribute belongs to, from 0; -1: the trace itself.
        key: string.
        value: string.
        is_date: true for ``<date>``.
    """

    traces: int
    trace_of_event: Ints
    trace: Ints
    event: Ints
    key: pa.StringArray
    value: pa.StringArray
    is_date: Bools


@dataclass
class TableBuilder:
    """Collects :class:`Attributes` and makes the table."""

    path: Path
    events: int = 0
    _repeated: int = 0
    _tables: list[pa.Table] = field(default_factory=list)
    _case_names: dict[str, bool] = field(default_factory=dict)
    _event_names: dict[str, bool] = field(default_factory=dict)

    def add(self, attributes: Attributes) -> None:
        """Append the rows of some traces."""
        slots = _Slots.of(attributes, self.events)
        columns: dict[str, pa.Array] = {ROW: slots.number}
        for key, of_case, chosen in _groups(attributes):
            name = self._name(key, of_case, bool(attributes.is_date[chosen].all()))
            columns[name] = self._column(attributes, slots, chosen, of_case, name)
        self._tables.append(pa.table(columns))
        self.events += len(attributes.trace_of_event)

    def _name(self, key: str, of_case: bool, dates: bool) -> str:
        mine, other = self._case_names, self._event_names
        if not of_case:
            mine, other = other, mine
        name = CASE_PREFIX + key if of_case else key
        if name in other or name == ROW:
            raise broken(
                self.path,
                f"has two attributes that would share the column “{name}”.",
                "Rename one of them in the system that exports the log.",
            )
        mine[name] = mine.get(name, True) and dates
        if len(mine) + len(other) > MAX_COLUMNS:
            message = f"has more than {MAX_COLUMNS} attribute keys."
            remedy = "Keys must be names, not data; check the export."
            raise broken(self.path, message, remedy, value=name)
        return name

    def _column(
        self, attributes: Attributes, slots: _Slots, chosen: Ints, of_case: bool, name: str
    ) -> pa.Array:
        owner = (attributes.trace if of_case else attributes.event)[chosen]
        self._check_unique(owner, of_case, name)
        where = np.full(attributes.traces if of_case else slots.events, -1, dtype=np.int64)
        where[owner] = chosen
        rows = where[slots.trace] if of_case else slots.spread(where)
        if of_case:
            self._check_repeats(attributes.value, rows, name)
        return attributes.value.take(pa.array(rows, mask=rows < 0))

    def _check_unique(self, owner: Ints, of_case: bool, name: str) -> None:
        twice = np.flatnonzero(np.diff(np.sort(owner)) == 0)
        if len(twice):
            place = "a trace" if of_case else f"event {self.events + int(owner[twice[0]]) + 1}"
            message = f"{place} has the attribute twice, and it is not said which one holds."
            raise broken(self.path, message, EXPORT_AGAIN, column=name)

    def _check_repeats(self, value: pa.StringArray, rows: Ints, name: str) -> None:
        """A long text of a case is repeated in every event; refuse before memory is gone."""
        lengths = np.append(np.asarray(pc.binary_length(value)), 0)
        size = int(lengths[rows].sum(dtype=np.int64))
        self._repeated += size
        if size > MAX_REPEATED_BYTES or self._repeated > 8 * MAX_REPEATED_BYTES:
            message = "is too long to be repeated in every event of its trace."
            raise broken(self.path, message, "Leave this text out of the export.", column=name)

    def finish(self) -> pa.Table:
        """All rows; case columns first, each group in order of appearance, then the row number."""
        if not any(table.num_rows for table in self._tables):
            raise broken(self.path, "has no trace.", EXPORT_AGAIN)
        names = [*self._case_names, *self._event_names]
        table = pa.concat_tables(self._tables, promote_options="default").select([*names, ROW])
        dates = {**self._case_names, **self._event_names}
        for index, name in enumerate(names):
            if dates[name]:
                table = table.set_column(index, name, _instants(table.column(name)))
        return table


def _groups(attributes: Attributes) -> list[tuple[str, bool, Ints]]:
    """Key, whether it is the traces' own, and the attributes: in order of first appearance."""
    codes = attributes.key.dictionary_encode()
    code = np.asarray(codes.indices)
    groups = []
    for number, key in enumerate(codes.dictionary.to_pylist()):
        for of_case in (True, False):
            chosen = np.flatnonzero((code == number) & ((attributes.event < 0) == of_case))
            if len(chosen):
                groups.append((key, of_case, chosen))
    return sorted(groups, key=lambda group: int(group[2][0]))


@dataclass(frozen=True)
class _Slots:
    """Rows of the table: one an event, and one for each trace that has no event."""

    trace: Ints
    filled: Bools
    number: pa.Array
    events: int

    @classmethod
    def of(cls, attributes: Attributes, events_before: int) -> _Slots:
        per_trace = np.bincount(attributes.trace_of_event, minlength=attributes.traces)
        trace = np.repeat(np.arange(attributes.traces), np.maximum(per_trace, 1))
        filled = per_trace[trace] > 0
        number = np.cumsum(filled) + events_before
        return cls(trace, filled, pa.array(number, pa.int64(), mask=~filled), int(filled.sum()))

    def spread(self, per_event: Ints) -> Ints:
        """One entry an event to one a row; -1 where a trace has no event."""
        rows = np.full(len(self.trace), -1, dtype=np.int64)
        rows[self.filled] = per_event
        return rows


def _instants(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As UTC instants where every value says its offset, else as written."""
    try:
        return column.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid:
        return column
