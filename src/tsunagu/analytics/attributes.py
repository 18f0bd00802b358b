"""The deals' attributes: JSON in the database, one column each in the event log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.backends import kept_engine

COLUMN = "attributes"
FEW = 5_000
OF_CUSTOMERS = ("industry", "size", "region")
_PLAIN = ("deal_id", "customer_id", "owner_id", "created_at", "at_risk_from")
_NUMBERS = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN"})


@dataclass(frozen=True)
class Known:
    """The attributes that a fitted model reads: ``texts`` and ``numbers`` by name."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]

    def split(self, deals: pa.Table) -> pa.Table:
        """``deals`` with a column for each attribute, empty where no deal has it.

        A deal's own attribute goes before its customer's of the same name; truth values are 1, 0.
        """
        rows = deals.select([n for n in deals.column_names if n in _PLAIN])
        found = _extract(deals, self.texts, self.numbers)
        for name in found.column_names:
            rows = rows.append_column(name, found[name])
        for name in {*self.texts} & {*OF_CUSTOMERS}:
            both = pc.coalesce(rows[name], _said(deals[name]))
            rows = rows.set_column(rows.column_names.index(name), name, both)
        return rows


def split(deals: pa.Table) -> pa.Table:
    """``deals`` with a column for each attribute that any of them has.

    What is a number in every deal that has it is one; every other attribute is text.
    """
    own = _types(deals)
    numbers = {name for name, types in own.items() if types <= _NUMBERS}
    of_customers = {n for n in OF_CUSTOMERS if _said(deals[n]).null_count < len(deals)}
    texts = (own.keys() | of_customers) - numbers
    return Known(tuple(sorted(texts)), tuple(sorted(numbers))).split(deals)


def _types(deals: pa.Table) -> dict[str, set[str]]:
    """The JSON types of each attribute, but for nulls."""
    query = """
        WITH pairs AS (SELECT unnest(json_keys(attributes)) AS name, attributes FROM deals)
        SELECT name, list(DISTINCT json_type(attributes, '/' ||
            replace(replace(name, '~', '~0'), '/', '~1'))) FROM pairs GROUP BY name
    """
    with duckdb.connect() as engine:
        found = engine.register("deals", deals).execute(query).fetchall()
    return {
        name: types
        for name, listed in found
        if name not in _PLAIN and (types := set(listed) - {"NULL", None})
    }


def _extract(deals: pa.Table, texts: tuple[str, ...], numbers: tuple[str, ...]) -> pa.Table:
    """One column for each name, in their order; nulls where a deal has no such attribute."""
    names = (*texts, *numbers)
    if not names:
        return pa.table({})
    wanted = [_column(i, i > len(texts)) for i in range(1, len(names) + 1)]
    pointers = ["/" + n.replace("~", "~0").replace("/", "~1") for n in names]
    with _engine(len(deals)) as engine:
        engine.register(COLUMN, deals)
        query = f"SELECT {', '.join(wanted)} FROM {COLUMN}"  # noqa: S608  (names are parameters)
        found: pa.Table = engine.execute(query, pointers).to_arrow_table()
        engine.unregister(COLUMN)
    return found.rename_columns(names)


@contextmanager
def _engine(rows: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opening one takes ten times as long as asking it about few rows."""
    if rows <= FEW:
        yield kept_engine().connection.con
        return
    with duckdb.connect() as engine:
        yield engine


def _column(place: int, is_number: bool) -> str:
    said = f"json_extract_string(attributes, ${place})"
    truth = f"try_cast(try_cast({said} AS BOOLEAN) AS DOUBLE)"
    number = f"coalesce(try_cast({said} AS DOUBLE), {truth})"
    return f"{number if is_number else said} AS c{place}"


def _said(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without empty ones."""
    return pc.if_else(pc.equal(texts, ""), None, texts)
