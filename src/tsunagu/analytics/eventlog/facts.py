"""Facts: events with their origin, so that a later check can reject the row they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EVENT_SCHEMA
from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.sheet import Fault, Sheet
from tsunagu.analytics.eventlog.sources import Integers

SHEET, POSITION, PART = "tsunagu_sheet", "tsunagu_position", "tsunagu_part"
ORIGIN_SCHEMA = pa.schema(
    [
        pa.field(SHEET, pa.int32()),
        pa.field(POSITION, pa.int64()),
        pa.field(PART, pa.int32()),
    ]
)
"""Where a fact or deal comes from: sheet and position; ``part`` numbers :attr:`Ledger.parts`."""

NO_ROW = -1
"""Sheet of a deal that was gathered from several rows: no single row's fault undoes it."""

FACT_SCHEMA = pa.schema([f.with_nullable(True) for f in [*EVENT_SCHEMA, *ORIGIN_SCHEMA]])


def origin_of(table: pa.Table) -> tuple[Integers, Integers, Integers]:
    """Sheet, position and part of each fact or deal."""
    sheet, position, part = (table.column(name).to_numpy() for name in ORIGIN_SCHEMA.names)
    return sheet, position, part


def kept(table: pa.Table, rows: Mask) -> pa.Table:
    """The chosen rows; the table itself, uncopied, where that is all of them."""
    return table if rows.all() else table.filter(pa.array(rows))


@dataclass(frozen=True)
class Part:
    """One rule at work: the columns to blame, and what becomes of facts without a deal."""

    at_column: str
    deal_column: str
    value_column: str | None
    unlinked_left_out: bool = False


@dataclass
class Ledger:
    """Facts collected so far, in the order of the mapping's rules."""

    sheets: list[Sheet]
    parts: list[Part] = field(default_factory=list)
    batches: list[pa.Table] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def tell(self, count: int, one: str, many: str) -> None:
        """Add a notice that starts with a count, unless it is nought."""
        if count:
            self.notices.append(f"{count:,} {one if count == 1 else many}")

    def facts(self) -> pa.Table:
        """All facts whose rows are fine."""
        table = pa.concat_tables([FACT_SCHEMA.empty_table(), *self.batches])
        return kept(table, self.fine(table))

    def fine(self, table: pa.Table) -> Mask:
        """Whether the rows that these facts or deals come from are without fault."""
        fine = np.ones(len(table), bool)
        sheet, position, _ = origin_of(table)
        for number, each in enumerate(self.sheets):
            here = sheet == number
            fine[here] = each.faults.fine[position[here]]
        return fine

    def skip(self, table: pa.Table, rows: Mask) -> None:
        """Leave out the rows that these deals come from, without a word."""
        chosen = table.filter(pa.array(rows))
        sheet, position, _ = origin_of(chosen)
        for number, each in enumerate(self.sheets):
            repeated = np.zeros(len(each), bool)
            repeated[position[sheet == number]] = True
            each.faults.skip(repeated)

    def reject(self, table: pa.Table, rows: Mask, column: str, message: str, remedy: str) -> None:
        """Reject the rows that these facts come from; ``column`` is a field of :class:`Part`."""
        bad = table.filter(pa.array(rows))
        sheet, position, part = origin_of(bad)
        for number in np.unique(sheet[sheet != NO_ROW]):
            for which in np.unique(part[sheet == number]):
                here = position[(sheet == number) & (part == which)]
                faulty = np.zeros(len(self.sheets[number]), bool)
                faulty[here] = True
                blamed = getattr(self.parts[which], column)
                self.sheets[number].faults.add(faulty, Fault(blamed, message, remedy))


def with_origin(table: pa.Table, number: int, part: int) -> pa.Table:
    """The table with the columns of :data:`ORIGIN_SCHEMA`."""
    size = len(table)
    origin = (np.full(size, number), np.arange(size), np.full(size, part))
    for fact_field, values in zip(ORIGIN_SCHEMA, origin, strict=True):
        table = table.append_column(fact_field, pa.array(values, fact_field.type))
    return table


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of deals one below the other; attributes that one lacks are null there."""
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()
