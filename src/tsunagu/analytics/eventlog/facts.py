"""From sheets to deals and facts: what the mapping makes of each row, nothing checked yet.

A *fact* is an event with its origin: the sheet and position of its row, so that a later check can
reject the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import DIRECTIONS, EVENT_SCHEMA, Kind, Outcome
from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.conditions import first_match, rows_taken
from tsunagu.analytics.eventlog.linking import latest_deal
from tsunagu.analytics.eventlog.mapping import (
    Attribute,
    AttributeType,
    DealTable,
    EventTable,
    Rule,
    Unmatched,
)
from tsunagu.analytics.eventlog.sheet import Fault, Sheet, mask
from tsunagu.analytics.eventlog.sources import Integers
from tsunagu.analytics.eventlog.times import DayPart

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

_INSTANT = pa.timestamp("us", tz="UTC")
_DATED = (Kind.PLANNED, Kind.CLOSE_DATE)
_NEEDS_VALUE = (Kind.STAGE, Kind.OUTCOME, Kind.ACTIVITY, Kind.OWNER, *_DATED)


def origin_of(table: pa.Table) -> tuple[Integers, Integers, Integers]:
    """Sheet, position and part of each fact or deal."""
    sheet, position, part = (table.column(name).to_numpy() for name in ORIGIN_SCHEMA.names)
    return sheet, position, part


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
        return table.filter(pa.array(self.fine(table)))

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


# ---- deals ----------------------------------------------------------------------------------


def add_deals(
    ledger: Ledger,
    number: int,
    table: DealTable,
    rows: Mask | None = None,
    created: pa.Array | None = None,
) -> pa.Table:
    """One row a row of this sheet, with its facts put into the ledger.

    Args:
        ledger: takes the facts.
        number: the sheet's.
        table: what the columns mean.
        rows: the rows that stand for a deal; default: all that are fine.
        created: the deals' creation, where no column gives it.
    """
    sheet = ledger.sheets[number]
    rows = sheet.faults.fine if rows is None else rows & sheet.faults.fine
    columns = _deal_columns(sheet, table, rows)
    if table.created is None and created is not None:
        columns["created_at"] = created
    _need(sheet, table.id, rows, columns["deal_id"], "the deal has no id.")
    if table.created is not None:
        _need(sheet, table.created, rows, columns["created_at"], "the deal has no creation date.")
    _add_outcomes(ledger, number, table, columns["deal_id"])
    _add_deal_events(ledger, number, table, rows, columns)
    part = len(ledger.parts)
    ledger.parts.append(Part(table.created or table.id, table.id, None))
    return _with_origin(pa.table(columns), number, part).filter(pa.array(rows))


def _add_deal_events(
    ledger: Ledger, number: int, table: DealTable, rows: Mask, columns: dict[str, pa.Array]
) -> None:
    sheet = ledger.sheets[number]
    batch = _Batch(ledger, number, columns["deal_id"], table.id)
    for rule in table.events:
        taken = rows & rows_taken(sheet, rule)
        at = _at(sheet, rule, columns["created_at"], taken)
        batch.add(rule, taken, at, rule.at or table.created or table.id, optional=True)


def _deal_columns(sheet: Sheet, table: DealTable, rows: Mask) -> dict[str, pa.Array]:
    columns = {
        "deal_id": sheet.ids(table.id, rows),
        "customer_id": sheet.ids(table.customer, rows),
        "owner_id": sheet.ids(table.owner, rows),
        "created_at": sheet.instants(table.created, DayPart.START, rows),
        "at_risk_from": sheet.instants(table.at_risk_from, DayPart.FACT, rows),
    }
    for attribute in _attributes(sheet, table):
        columns[attribute.name] = _attribute(sheet, attribute, rows)
    return columns


def _attributes(sheet: Sheet, table: DealTable) -> tuple[Attribute, ...]:
    if not table.other_attributes:
        return table.attributes
    taken = {table.id, table.customer, table.owner, table.created, table.at_risk_from}
    others = [n for n in sheet.source.table.column_names if n not in taken]
    return tuple(Attribute(name, name, AttributeType.GUESS) for name in others)


_PLAIN_NUMBER = r"^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$"


def _attribute(sheet: Sheet, attribute: Attribute, rows: Mask) -> pa.Array:
    kind = attribute.type
    if kind is AttributeType.GUESS:
        kind = _guessed(sheet.raw(attribute.column))
    if kind is AttributeType.NUMBER:
        return sheet.numbers(attribute.column, rows)
    if kind is AttributeType.TRUTH:
        return sheet.truths(attribute.column, rows)
    return _replaced(sheet.text(attribute.column, rows), attribute.replaced)


def _replaced(text: pa.Array, pairs: Sequence[tuple[str, str]]) -> pa.Array:
    for written, meant in pairs:
        text = pc.if_else(pc.equal(text, written), meant, text)
    return text


def _guessed(column: pa.Array) -> AttributeType:
    """Numbers and truths only where every filled cell is plainly one; ``007`` stays text."""
    if pa.types.is_boolean(column.type):
        return AttributeType.TRUTH
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return AttributeType.NUMBER
    if not pa.types.is_string(column.type):
        return AttributeType.TEXT
    filled = column.unique().drop_null()
    filled = filled.filter(pc.not_equal(pc.utf8_trim_whitespace(filled), ""))
    if len(filled) and pc.all(pc.match_substring_regex(filled, _PLAIN_NUMBER)).as_py():
        return AttributeType.NUMBER
    truths = len(filled) and pc.all(pc.is_in(filled, pa.array(["true", "false"]))).as_py()
    return AttributeType.TRUTH if truths else AttributeType.TEXT


def _add_outcomes(ledger: Ledger, number: int, table: DealTable, ids: pa.Array) -> None:
    sheet = ledger.sheets[number]
    taken = first_match(sheet, table.outcomes)
    for place, rule in enumerate(table.outcomes):
        rows = taken == place
        column = rule.at or table.end or table.id
        ended = sheet.instants(column, DayPart.END, rows)
        _need(sheet, column, rows, ended, "the deal has a final stage but no end date.")
        batch = _Batch(ledger, number, ids, table.id)
        batch.add(replace(rule, text=rule.text or table.reason), rows, ended, column)


def _need(sheet: Sheet, column: str, rows: Mask, values: pa.Array, message: str) -> None:
    missing = rows & ~mask(values.is_valid())
    sheet.faults.add(missing, Fault(column, message, "Fill in the cell."))


def _at(sheet: Sheet, rule: Rule, default: pa.Array, rows: Mask) -> pa.Array:
    at = default if rule.at is None else sheet.instants(rule.at, DayPart.FACT, rows)
    if rule.after is None:
        return at
    seconds = sheet.seconds(rule.after, rows)
    micros = pc.cast(pc.round(pc.multiply(seconds, 1e6)), pa.int64())
    return pc.add(at, pc.cast(micros, pa.duration("us")))


def _with_origin(table: pa.Table, number: int, part: int) -> pa.Table:
    size = len(table)
    origin = (np.full(size, number), np.arange(size), np.full(size, part))
    for fact_field, values in zip(ORIGIN_SCHEMA, origin, strict=True):
        table = table.append_column(fact_field, pa.array(values, fact_field.type))
    return table


# ---- events ---------------------------------------------------------------------------------


def add_events(ledger: Ledger, number: int, table: EventTable, deals: pa.Table | None) -> None:
    """Put the facts of one sheet of events into the ledger."""
    sheet = ledger.sheets[number]
    taken = first_match(sheet, table.rules)
    rules = [*table.rules, *_default_rules(table)]
    taken[(taken < 0) & sheet.faults.fine] = _unmatched(sheet, table, taken)
    ignored = np.isin(taken, [n for n, rule in enumerate(rules) if rule.kind is None])
    left_out = int((ignored & sheet.faults.fine).sum())
    name = sheet.source.name
    ledger.tell(left_out, f"row of {name} is ignored.", f"rows of {name} are ignored.")
    asked = (taken >= 0) & ~ignored
    at = sheet.instants(table.at, DayPart.FACT, asked)
    _need(sheet, table.at, asked, at, "the event has no time.")
    ids, deal_column = _deal_ids(sheet, table, deals, at, asked)
    batch = _Batch(ledger, number, ids, deal_column, table)
    for place, rule in enumerate(rules):
        rows = (taken == place) & sheet.faults.fine
        if rule.kind is not None and rows.any():
            batch.add(rule, rows, _at(sheet, rule, at, rows), rule.at or table.at)
    if table.kind is not None:
        batch.add_own_words(table, taken == len(rules), at)


def _default_rules(table: EventTable) -> list[Rule]:
    """What rows mean that no rule takes; rows with our own words are left to them."""
    if table.kind is not None:
        return []
    if table.unmatched is Unmatched.ACTIVITY:
        return [Rule(kind=Kind.ACTIVITY, value=table.activity)]
    return [Rule()] if table.unmatched is Unmatched.IGNORE else []


def _unmatched(sheet: Sheet, table: EventTable, taken: np.ndarray) -> int:
    """Number of the rule for rows that no rule takes; -1 after rejecting them."""
    if table.kind is not None or table.unmatched is not Unmatched.REJECT:
        return len(table.rules)
    message = "no rule of the mapping says what this row means."
    remedy = 'Add a rule, or unmatched = "ignore".'
    sheet.faults.add(taken < 0, Fault(None, message, remedy))
    return -1


def _deal_ids(
    sheet: Sheet, table: EventTable, deals: pa.Table | None, at: pa.Array, rows: Mask
) -> tuple[pa.Array, str]:
    if table.latest_deal_of is None or deals is None:
        column = str(table.deal)
        ids = sheet.ids(column, rows)
        _need(sheet, column, rows, ids, "the event names no deal.")
        return ids, column
    keys = sheet.ids(table.latest_deal_of.column, rows)
    return latest_deal(keys, at, deals), table.latest_deal_of.column


@dataclass
class _Batch:
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
            self._need_complete(rows & ~complete, kind, self._value_column(rule, kind))
        self._put(rows, columns | {"at": at}, at_column, self._value_column(rule, kind))

    def add_own_words(self, table: EventTable, rows: Mask, at: pa.Array) -> None:
        """Add facts whose kind and direction stand in the file in our own words."""
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
        left_out = self.table is not None and self.table.unlinked.value == "leave_out"
        part = len(self.ledger.parts)
        self.ledger.parts.append(Part(at_column, self.deal_column, value_column, left_out))
        plain = pa.table(columns | {"deal_id": self.ids}).select(EVENT_SCHEMA.names)
        facts = _with_origin(plain, self.number, part).filter(pa.array(rows))
        self.ledger.batches.append(facts.cast(FACT_SCHEMA))


def _constant(word: str | None, size: int) -> pa.Array:
    if word is None:
        return pa.nulls(size, pa.string())
    return pa.repeat(pa.scalar(str(word), pa.string()), size)


def deals_of_events(ledger: Ledger, facts: pa.Table, table: DealTable) -> pa.Table:
    """Deals of a log that has one row an event: each deal's first row says what is known of it."""
    first = _first_rows(facts)
    tables = []
    for number, sheet in enumerate(ledger.sheets):
        here = first.filter(pc.equal(first.column(SHEET), number))
        if len(here):
            rows = np.zeros(len(sheet), bool)
            rows[here.column(POSITION).to_numpy()] = True
            created = np.zeros(len(sheet), np.int64)
            created[here.column(POSITION).to_numpy()] = here.column("at").cast(pa.int64())
            moments = pa.array(created, mask=~rows).cast(_INSTANT)
            tables.append(add_deals(ledger, number, table, rows, moments))
    deals = concat(tables)
    deals = deals.filter(pa.array(ledger.fine(deals)))
    no_row = pa.array(np.full(len(deals), NO_ROW), pa.int32())
    return deals.set_column(deals.schema.get_field_index(SHEET), SHEET, no_row)


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of deals one below the other; attributes that one lacks are null there."""
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


def _first_rows(facts: pa.Table) -> pa.Table:
    """Each deal's first row, and its earliest instant."""
    rows = facts.select(["deal_id", SHEET, POSITION, "at"]).sort_by(
        [(SHEET, "ascending"), (POSITION, "ascending")]
    )
    grouped = rows.group_by("deal_id", use_threads=False)
    first = grouped.aggregate([(SHEET, "first"), (POSITION, "first"), ("at", "min")])
    return first.rename_columns(["deal_id", SHEET, POSITION, "at"])
