"""How hard a case looked when its response began, by the event log.

The log shows little of it: a person's grade, where there is one, stands in the cases beside it.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import Kind

HARDNESS: tuple[str, ...] = (
    "value",
    "stages",
    "age",
    "silent",
    "contacts",
    "answers",
    "pushes",
    "quotes",
    "rivals",
)
"""Columns that :func:`with_hardness` adds."""

_DAY = 86_400.0
_RECENT_DAYS = 30.0


def with_hardness(events: ir.Table, cases: pa.Table) -> pa.Table:
    """The cases with what the log said before their response began; nothing later is looked at.

    The logarithm of the deal's value, stages entered so far, days since its first event and since
    the customer's last word (null: none yet), known contacts, the customer's words in 30 days,
    close dates named, quotes given, competitors named.

    Args:
        events: columns of the event log, on DuckDB.
        cases: columns of :func:`case_schema` and ``deal_id``; further columns of hardness that the
            caller knows, such as a person's grade, are kept.

    Returns:
        Columns of ``case_schema(HARDNESS)`` and the caller's, in no particular order.
    """
    begun = ibis.memtable(cases.select(["case_id", "deal_id", "began_at"]))
    known = events.join(begun, "deal_id")
    found = _counted(known.filter(known.at < known.began_at)).to_pyarrow()
    joined = cases.drop_columns(["deal_id"]).join(found, "case_id")
    return joined.select([*cases.drop_columns(["deal_id"]).column_names, *HARDNESS])


def _counted(known: ir.Table) -> ir.Table:
    to_go = (known.began_at.epoch_seconds() - known.at.epoch_seconds()) / _DAY
    spoke = known.direction.isin(["in", "both"]).fill_null(False)
    amount = known.amount.argmax(known.at, where=known.kind == Kind.AMOUNT.value)

    def count(kind: Kind) -> ir.FloatingValue:
        return (known.kind == kind.value).sum().cast("float64")

    return known.group_by("case_id").agg(
        value=ibis.greatest(amount, 1.0).log(),
        stages=count(Kind.STAGE),
        age=to_go.max(),
        silent=to_go.min(where=spoke),
        contacts=known.value.nunique(where=known.kind == Kind.CONTACT.value).cast("float64"),
        answers=(spoke & (to_go < _RECENT_DAYS)).sum().cast("float64"),
        pushes=count(Kind.CLOSE_DATE),
        quotes=count(Kind.QUOTE),
        rivals=count(Kind.COMPETITOR),
    )
