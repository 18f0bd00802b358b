"""What was known when the deal was created: its age and its static attributes."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.features.facts import Source
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.specs import Feature, category, days_since, fact, number
from tsunagu.analytics.features.timeline import Timeline

PREFIX = "attr:"

LABELS_JA: dict[str, str] = {
    "channel": "チャネル",
    "country": "国",
    "employees": "従業員数",
    "industry": "業種",
    "product": "商品",
    "region": "地域",
    "sector": "業種",
    "size": "企業規模",
    "source": "きっかけ",
    "team": "チーム",
}
"""Japanese labels of the usual attributes; others are called as their column is."""


def features(learned: Learned) -> list[Feature]:
    """The deal's age, and one feature per attribute of the fitting log."""
    age = number(
        "days_since_created",
        "age",
        "案件の登録からの日数",
        "days since the deal was created",
        days_since("deal__created"),
    )
    text = [
        category(PREFIX + n, "attributes", _ja(n), n, fact(_fact(n), missing=-1))
        for n in learned.levels
    ]
    numbers = [number(PREFIX + n, "attributes", _ja(n), n, fact(_fact(n))) for n in learned.numbers]
    return [age, *text, *numbers]


def _ja(name: str) -> str:
    return LABELS_JA.get(name, name)


def sources(learned: Learned) -> list[Source]:
    """The deals' own columns, text as codes."""
    columns = {"deal__created": "int64"}
    columns |= {_fact(name): "int32" for name in learned.levels}
    columns |= {_fact(name): "float64" for name in learned.numbers}
    return [
        Source(columns, (), lambda rows, timeline: _attach(rows, timeline, learned), moves=True)
    ]


def _fact(name: str) -> str:
    return f"deal__attr_{name}"


def _attach(rows: ir.Table, timeline: Timeline, learned: Learned) -> ir.Table:
    deals = timeline.deals
    values = {_fact(n): _code(deals[n], levels) for n, levels in learned.levels.items()}
    values |= {_fact(n): deals[n].cast("float64") for n in learned.numbers}
    known = deals.select(deal__deal="deal", deal__created="created", **values)
    return rows.left_join(known, rows.deal == known.deal__deal)


def _code(value: ir.StringValue, levels: tuple[str, ...]) -> ir.IntegerValue:
    """The level's number, -1 for any other and for none."""
    if not levels:
        return cast(ir.IntegerValue, ibis.literal(-1, "int32"))
    branches = [(value == level, i) for i, level in enumerate(levels)]
    return cast(ir.IntegerValue, ibis.cases(*branches, else_=-1).cast("int32"))
