"""Events from tables of events."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.conditions import first_match
from tsunagu.analytics.eventlog.fact_batch import FactBatch, need, rule_instants
from tsunagu.analytics.eventlog.facts import Ledger
from tsunagu.analytics.eventlog.linking import latest_deal
from tsunagu.analytics.eventlog.mapping import EventTable, Rule, Unmatched
from tsunagu.analytics.eventlog.sheet import Fault, Sheet
from tsunagu.analytics.eventlog.times import DayPart


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
    ids, deal_column = _deal_ids(sheet, table, deals, at, asked)
    batch = FactBatch(ledger, number, ids, deal_column, table)
    for place, rule in enumerate(rules):
        rows = (taken == place) & sheet.faults.fine
        if rule.kind is not None and rows.any():
            batch.add(rule, rows, rule_instants(sheet, rule, at, rows), rule.at or table.at)
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
        need(sheet, column, rows, ids, "the event names no deal.")
        return ids, column
    keys = sheet.ids(table.latest_deal_of.column, rows)
    return latest_deal(keys, at, deals), table.latest_deal_of.column
