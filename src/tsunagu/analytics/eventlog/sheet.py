"""A source seen through a mapping: columns converted once, faults kept a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.eventlog import cells, times
from tsunagu.analytics.eventlog.cells import WORDS, Converted, Mask, Trouble
from tsunagu.analytics.eventlog.sources import Source
from tsunagu.analytics.eventlog.times import Clock, DayPart

FINE, SKIPPED = -1, -2


@dataclass(frozen=True)
class Fault:
    """Why rows are rejected."""

    column: str | None
    message: str
    remedy: str


@dataclass
class Faults:
    """The first fault of each row: an index into ``reasons``, or ``FINE`` or ``SKIPPED``."""

    first: NDArray[np.int32]
    reasons: list[Fault] = field(default_factory=list)

    @classmethod
    def none(cls, size: int) -> Faults:
        """Rows without a fault."""
        return cls(np.full(size, FINE, np.int32))

    @property
    def fine(self) -> Mask:
        """Rows without a fault so far."""
        return np.asarray(self.first == FINE)

    @property
    def faulty(self) -> Mask:
        """Rows that are to be rejected."""
        return np.asarray(self.first >= 0)

    def skip(self, rows: Mask) -> None:
        """Leave these rows out without a word, such as repetitions."""
        self.first[rows & self.fine] = SKIPPED

    def add(self, rows: Mask, fault: Fault) -> None:
        """Give the rows this fault, unless they have one."""
        new = rows & self.fine
        if new.any():
            self.first[new] = len(self.reasons)
            self.reasons.append(fault)


@dataclass
class Sheet:
    """A source's columns, converted on demand; cells in trouble become faults of the asked rows.

    Attributes:
        source: the file.
        clock: how its dates are meant.
        empty_values: texts that mean nothing.
        faults: what is wrong so far.
    """

    source: Source
    clock: Clock
    empty_values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.faults = Faults.none(len(self.source.table))
        self._known: dict[tuple[str, str], Converted] = {}

    def __len__(self) -> int:
        return len(self.source.table)

    def raw(self, column: str) -> pa.Array:
        """The column as in the file, null for the texts that mean nothing."""
        values = self.source.column(column)
        if pa.types.is_string(values.type) and self.empty_values:
            empty = pc.is_in(cells.plain(values), pa.array(self.empty_values))
            values = pc.if_else(empty, pa.scalar(None, pa.string()), values)
        return values

    def plain(self, column: str) -> pa.Array:
        """The column as comparable text; see :func:`cells.plain`."""
        return self._converted(column, "plain", _plain).values

    def text(self, column: str | None, rows: Mask) -> pa.Array:
        """Text as written; nulls without a column."""
        return self._asked(column, "text", cells.to_text, rows, pa.string())

    def ids(self, column: str | None, rows: Mask) -> pa.Array:
        """Ids; nulls without a column."""
        return self._asked(column, "ids", cells.to_ids, rows, pa.string())

    def numbers(self, column: str | None, rows: Mask) -> pa.Array:
        """Numbers; nulls without a column."""
        return self._asked(column, "numbers", cells.to_numbers, rows, pa.float64())

    def truths(self, column: str | None, rows: Mask) -> pa.Array:
        """Booleans; nulls without a column."""
        return self._asked(column, "truths", cells.to_truths, rows, pa.bool_())

    def seconds(self, column: str | None, rows: Mask) -> pa.Array:
        """Durations in seconds; nulls without a column."""
        return self._asked(column, "seconds", cells.to_seconds, rows, pa.float64())

    def dates(self, column: str | None, rows: Mask) -> pa.Array:
        """ISO dates; nulls without a column."""
        convert = lambda values: times.to_dates(values, self.clock)  # noqa: E731
        return self._asked(column, "dates", convert, rows, pa.string())

    def instants(self, column: str | None, part: DayPart, rows: Mask) -> pa.Array:
        """Instants in UTC; nulls without a column."""
        convert = lambda values: times.to_instants(values, self.clock, part)  # noqa: E731
        kind = pa.timestamp("us", tz="UTC")
        return self._asked(column, f"instants {part.name}", convert, rows, kind)

    def _asked(
        self,
        column: str | None,
        name: str,
        convert: Callable[[pa.Array], Converted],
        rows: Mask,
        kind: pa.DataType,
    ) -> pa.Array:
        if column is None:
            return pa.nulls(len(self), kind)
        converted = self._converted(column, name, convert)
        for code in np.unique(converted.troubles[rows]):
            if code != Trouble.NONE:
                message, remedy = WORDS[Trouble(code)]
                wrong = rows & (converted.troubles == code)
                self.faults.add(wrong, Fault(column, message, remedy))
        return converted.values

    def _converted(
        self, column: str, name: str, convert: Callable[[pa.Array], Converted]
    ) -> Converted:
        if (column, name) not in self._known:
            self._known[column, name] = convert(self.raw(column))
        return self._known[column, name]


def _plain(values: pa.Array) -> Converted:
    return Converted(cells.plain(values), np.zeros(len(values), np.int8))


def mask(booleans: pa.Array) -> Mask:
    """An Arrow boolean array as a mask, null as false."""
    filled = pc.fill_null(booleans, False)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)
