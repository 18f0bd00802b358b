"""Deals, with the facts that stand in their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.conditions import first_match, rows_taken
from tsunagu.analytics.eventlog.fact_batch import FactBatch, need, rule_instants
from tsunagu.analytics.eventlog.facts import (
    NO_ROW,
    POSITION,
    SHEET,
    Ledger,
    Part,
    concat,
    with_origin,
)
from tsunagu.analytics.eventlog.mapping import Attribute, AttributeType, DealTable
from tsunagu.analytics.eventlog.sheet import Sheet
from tsunagu.analytics.eventlog.times import DayPart

_INSTANT = pa.timestamp("us", tz="UTC")


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
    need(sheet, table.id, rows, columns["deal_id"], "the deal has no id.")
    if table.created is not None:
        need(sheet, table.created, rows, columns["created_at"], "the deal has no creation date.")
    _add_outcomes(ledger, number, table, columns["deal_id"])
    _add_deal_events(ledger, number, table, rows, columns)
    part = len(ledger.parts)
    ledger.parts.append(Part(table.created or table.id, table.id, None))
    return with_origin(pa.table(columns), number, part).filter(pa.array(rows))


def _add_deal_events(
    ledger: Ledger, number: int, table: DealTable, rows: Mask, columns: dict[str, pa.Array]
) -> None:
    sheet = ledger.sheets[number]
    batch = FactBatch(ledger, number, columns["deal_id"], table.id)
    for rule in table.events:
        taken = rows & rows_taken(sheet, rule)
        at = rule_instants(sheet, rule, columns["created_at"], taken)
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
        need(sheet, column, rows, ended, "the deal has a final stage but no end date.")
        batch = FactBatch(ledger, number, ids, table.id)
        batch.add(replace(rule, text=rule.text or table.reason), rows, ended, column)


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


def _first_rows(facts: pa.Table) -> pa.Table:
    """Each deal's first row, and its earliest instant."""
    rows = facts.select(["deal_id", SHEET, POSITION, "at"]).sort_by(
        [(SHEET, "ascending"), (POSITION, "ascending")]
    )
    grouped = rows.group_by("deal_id", use_threads=False)
    first = grouped.aggregate([(SHEET, "first"), (POSITION, "first"), ("at", "min")])
    return first.rename_columns(["deal_id", SHEET, POSITION, "at"])
