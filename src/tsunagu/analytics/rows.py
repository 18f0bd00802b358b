"""What rows of the application's database mean in the event log.

The application's bridge and :mod:`tsunagu.analytics.eventlog.database` both read those rows; what
makes a log of them stands here once.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

KEY_DIGITS = 12
"""Up to twelve letters DuckDB keeps in place."""


def named(table: pa.Table) -> pa.Table:
    """With keys as the strings that the contract wants, in the same order as the numbers."""
    for name in {"deal_id", "customer_id"} & set(table.column_names):
        place = table.column_names.index(name)
        padded = pc.utf8_lpad(table[name].cast(pa.string()), KEY_DIGITS, "0")
        table = table.set_column(place, name, padded)
    return table


def labelled(facts: pa.Table, broken: pa.Array) -> pa.Table:
    """With the outcomes that confirmed interruptions teach.

    A deal that was interrupted, as a person confirmed, and never resumed broke off, though whoever
    closed it may have called it lost.

    Args:
        broken: ``deal_id`` of those deals.
    """
    from tsunagu.analytics.contracts import Kind, Outcome

    lost = pc.and_(
        pc.equal(facts["kind"], Kind.OUTCOME.value), pc.equal(facts["value"], Outcome.LOST.value)
    )
    theirs = pc.and_(lost, pc.is_in(facts["deal_id"], value_set=broken))
    value = pc.if_else(theirs.fill_null(False), Outcome.BROKEN_OFF.value, facts["value"])
    return facts.set_column(facts.column_names.index("value"), "value", value)
