"""What a rule makes of the rows it takes: columns of facts, complete or rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import DIRECTIONS, EVENT_SCHEMA, Kind, Outcome
from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.facts import FACT_SCHEMA, Ledger, Part, with_origin
from tsunagu.analytics.eventlog.mapping import EventTable, Rule, Unlinked
from tsunagu.analytics.eventlog.sheet import Fault, Sheet, mask
from tsunagu.analytics.eventlog.times import DayPart

_DATED = (Kind.PLANNED, Kind.CLOSE_DATE)
_NEEDS_VALUE = (Kind.STAGE, Kind.OUTCOME, Kind.ACTIVITY, Kind.OWNER, *_DATED)


def need(sheet: Sheet, column: str, rows: Mask, values: pa.Array, message: str) -> None:
    """Reject the rows for which a value is missing."""
    missing = rows & ~mask(values.is_valid())
    sheet.faults.add(missing, Fault(column, message, "Fill in the cell."))


def rule_instants(sheet: Sheet, rule: Rule, default: pa.Array, rows: Mask) -> pa.Array:
    """The instants of a rule's events: its own column or the default, plus its duration."""
    at = default if rule.at is None else sheet.instants(rule.at, DayPart.FACT, rows)
    if rule.after is None:
        return at
    seconds = sheet.seconds(rule.after, rows)
    micros = pc.cast(pc.round(pc.multiply(seconds, 1e6)), pa.int64())
    return pc.add(at, pc.cast(micros, pa.duration("us")))


@dataclass
class FactBatch:
    """Facts of one sheet on their way into the ledger."""

    ledger: Ledger
    number: int
    ids: pa.Array
    deal_column: str
    table: EventTable | None = None

    @property
    def sheet(self) -> Sheet:
        return self.ledger.sheets[self.number]

    def add(
        self, rule: Rule, rows: Mask, at: pa.Array, at_column: str, *, optional: bool = False
    ) -> None:
        """Add one rule's facts.  ``optional``: rows without time or value say nothing."""
        kind = rule.kind or Kind.ACTIVITY
        columns = self._columns(rule, kind, rows)
        complete = self._complete(kind, columns)
        if optional:
            rows = rows & mask(at.is_valid()) & complete
        else:
            need(self.sheet, at_column, rows, at, "the event has no time.")
            self._need_complete(rows & ~complete, kind, self._value_column(rule, kind))
        self._put(rows, columns | {"at": at}, at_column, self._value_column(rule, kind))

    def add_own_words(self, table: EventTable, rows: Mask, at: pa.Array) -> None:
        """Add facts whose kind and direction stand in the file in our own words."""
        need(self.sheet, table.at, rows, at, "the event has no time.")
        kinds = self.sheet.plain(str(table.kind))
        self._check_words(rows, kinds, [k.value for k in Kind], str(table.kind), needed=True)
        direction = pa.nulls(len(self.sheet), pa.string())
        if table.direction is not None:
            direction = self.sheet.plain(table.direction)
            self._check_words(rows, direction, DIRECTIONS, table.direction)
        columns = self._columns(Rule(kind=Kind.NOTE), Kind.NOTE, rows)
        outcomes = rows & mask(pc.equal(kinds, Kind.OUTCOME.value))
        words = [o.value for o in Outcome]
        self._check_words(outcomes, columns["value"], words, str(table.value), needed=True)
        columns |= {"kind": kinds, "direction": direction, "at": at}
        self._check_own_values(table, rows, columns)
        self._put(rows, columns, table.at, table.value)

    def _check_own_values(
        self, table: EventTable, rows: Mask, columns: dict[str, pa.Array]
    ) -> None:
        """Dates must be dates, and kinds that say what or how much must say it."""
        kinds = columns["kind"]
        dated = rows & mask(pc.is_in(kinds, pa.array([k.value for k in _DATED])))
        dates = self.sheet.dates(table.value, dated)
        columns["value"] = pc.if_else(pa.array(dated), dates, columns["value"])
        for kind in (*_NEEDS_VALUE, Kind.AMOUNT):
            here = rows & mask(pc.equal(kinds, kind.value))
            blamed = table.amount if kind is Kind.AMOUNT else table.value
            self._need_complete(here & ~self._complete(kind, columns), kind, blamed)

    def _need_complete(self, rows: Mask, kind: Kind, column: str | None) -> None:
        message = f"the {kind.value} event does not say which or how much."
        self.sheet.faults.add(rows, Fault(column, message, "Fill in the cell."))

    def _check_words(
        self,
        rows: Mask,
        found: pa.Array,
        words: Sequence[str],
        column: str,
        *,
        needed: bool = False,
    ) -> None:
        unknown = ~mask(pc.is_in(found, pa.array(words))) & (mask(found.is_valid()) | needed)
        message = "this word is not known here."
        remedy = f"Write one of {', '.join(words)}."
        self.sheet.faults.add(rows & unknown, Fault(column, message, remedy))

    def _columns(self, rule: Rule, kind: Kind, rows: Mask) -> dict[str, pa.Array]:
        table, sheet = self.table, self.sheet
        amount = rule.amount or (table.amount if table else None)
        return {
            "kind": _constant(kind.value, len(sheet)),
            "value": self._value(rule, kind, rows),
            "amount": sheet.numbers(amount, rows),
            "actor": sheet.ids(rule.actor or (table.actor if table else None), rows),
            "direction": _constant(rule.direction, len(sheet)),
            "text": sheet.text(rule.text or (table.text if table else None), rows),
        }

    def _value(self, rule: Rule, kind: Kind, rows: Mask) -> pa.Array:
        if rule.outcome is not None or rule.label is not None:
            return _constant(rule.outcome or rule.label, len(self.sheet))
        column = rule.value or (self.table.value if self.table else None)
        if kind in _DATED:
            return self.sheet.dates(column, rows)
        if kind is Kind.OWNER:
            return self.sheet.ids(column, rows)
        value = pc.utf8_trim_whitespace(self.sheet.text(column, rows))
        return self._with_lifecycle(value, rows) if kind is Kind.ACTIVITY else value

    def _with_lifecycle(self, value: pa.Array, rows: Mask) -> pa.Array:
        if self.table is None or self.table.lifecycle is None:
            return value
        phase = self.sheet.text(self.table.lifecycle, rows)
        return pc.coalesce(pc.binary_join_element_wise(value, phase, "+"), value)

    def _complete(self, kind: Kind, columns: dict[str, pa.Array]) -> Mask:
        if kind is Kind.AMOUNT:
            return mask(columns["amount"].is_valid())
        if kind in _NEEDS_VALUE:
            return mask(columns["value"].is_valid())
        return np.ones(len(self.sheet), bool)

    def _value_column(self, rule: Rule, kind: Kind) -> str | None:
        if kind is Kind.AMOUNT:
            return rule.amount or (self.table.amount if self.table else None)
        return rule.value or (self.table.value if self.table else None)

    def _put(
        self, rows: Mask, columns: dict[str, pa.Array], at_column: str, value_column: str | None
    ) -> None:
        left_out = self.table is not None and self.table.unlinked is Unlinked.LEAVE_OUT
        part = len(self.ledger.parts)
        self.ledger.parts.append(Part(at_column, self.deal_column, value_column, left_out))
        plain = pa.table(columns | {"deal_id": self.ids}).select(EVENT_SCHEMA.names)
        facts = with_origin(plain, self.number, part).filter(pa.array(rows))
        self.ledger.batches.append(facts.cast(FACT_SCHEMA))


def _constant(word: str | None, size: int) -> pa.Array:
    if word is None:
        return pa.nulls(size, pa.string())
    return pa.repeat(pa.scalar(str(word), pa.string()), size)
