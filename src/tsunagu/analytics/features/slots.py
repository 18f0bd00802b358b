"""Which look is the first to see an event: the one place where times are compared.

The looks at one key (a deal, an owner) are numbered in the order of time; an event enters the
counts at the first look at or after it, its *slot*, and leaves the count of the last 30 days at the
first look at or after its time plus 30 days.  With both known, counting needs no comparison of
times any more, only a sum per slot and a running sum over the slots.

Looks usually stand on a small grid of instants common to all keys; then a slot is found in a small
table.  Other looks, say one after each event, are merged with the events in order of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tsunagu.analytics.features.clock import DAY
from tsunagu.analytics.features.materialising import materialise

MOST_CELLS = 200_000
"""Rows of the table of a grid; a grid that needs more is treated as no grid."""

_STRIDE = 1 << 31
"""Slots of one key lie apart from those of the next."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """The distinct instants of looks, in order, in microseconds."""

    instants: Ints

    def cells(self, spans: Iterable[int]) -> tuple[int, int, pa.Table] | None:
        """Equal stretches of time, at most one of which's instants is a change of slots.

        Args:
            spans: days after which an event is looked for once more.

        Returns:
            The first cell's number, a cell's width, and ``cell, edge`` and for each span ``base``
            and ``bump``: an event's slot is the base, plus the bump if it lies after the edge.
            None if the instants lie too close together for a small table.
        """
        changes = {span: self.instants - span * DAY for span in spans}
        edges = np.unique(np.concatenate(list(changes.values())))
        width = int(np.diff(edges).min()) if len(edges) > 1 else DAY
        first, last = int(edges[0] // width), int(edges[-1] // width)
        if last - first >= MOST_CELLS:
            return None
        starts = np.arange(first, last + 2) * width
        place = np.minimum(np.searchsorted(edges, starts[:-1]), len(edges) - 1)
        columns: dict[str, Any] = {
            "cell": pa.array(range(last - first + 1), pa.int32()),
            "edge": pa.array(edges[place], pa.int64()),
        }
        for span, moments in changes.items():
            base = np.searchsorted(moments, starts)
            columns[f"base{span}"] = pa.array(base[:-1], pa.int32())
            columns[f"bump{span}"] = pa.array(np.diff(base), pa.int32())
        return first, width, pa.table(columns)


@dataclass(frozen=True)
class Slots:
    """Looks at keys, numbered.

    Attributes:
        looks: ``key, at, slot``; a key's slots follow each other without a gap.
        bounds: ``key, first, last``: each key's slots.
        grid: the instants, if the looks stand on a small grid and fill it from a key's first look
            to its last; the slot is then the instant's place on it.
    """

    looks: ir.Table
    bounds: ir.Table
    grid: Grid | None

    def place(self, points: ir.Table, spans: tuple[int, ...]) -> dict[int, ir.Table]:
        """For each span, the points' columns but ``key``, and the ``slot``.

        Args:
            points: ``key, at`` and columns to keep.
            spans: in days; the slot is that of the first look at or after ``at`` plus the span.

        Returns:
            Per span only the points that some look at their key comes after.
        """
        cells = self.grid.cells(spans) if self.grid else None
        if cells is None:
            return {span: _merged(self, points, span) for span in spans}
        placed = materialise(_looked_up(self, points, spans, *cells))
        kept = [c for c in points.columns if c != "key"]
        return {s: _reached(placed.select(*kept, slot=f"slot{s}")) for s in spans}


def on_grid(looks: ir.Table, grid: Grid) -> Slots | None:
    """Number looks by the grid's instants; None if a key's looks leave any of them out."""
    columns = {"instant": pa.array(grid.instants), "nth": pa.array(range(len(grid.instants)))}
    rows = looks.join(ibis.memtable(pa.table(columns)), [("at", "instant")])
    rows = materialise(rows.select("key", "at", slot=_slot(rows.key, rows.nth)))
    bounds = materialise(_bounds(rows))
    gaps = (bounds["last"] - bounds["first"] + 1 - bounds.looks).abs().sum()
    return None if gaps.to_pyarrow().as_py() else Slots(rows, bounds, grid)


def in_order(looks: ir.Table) -> Slots:
    """Number any looks, each key's by time."""
    nth = ibis.row_number().over(ibis.window(group_by=looks.key, order_by=looks["at"]))
    rows = materialise(looks.select("key", "at", slot=_slot(looks.key, nth)))
    return Slots(rows, materialise(_bounds(rows)), None)


def everywhere(keys: ir.Table, grid: Grid) -> Slots:
    """Look at each key (one column, ``key``) at each instant of the grid."""
    columns = {"at": pa.array(grid.instants), "nth": pa.array(range(len(grid.instants)))}
    rows = keys.cross_join(ibis.memtable(pa.table(columns)))
    rows = materialise(rows.select("key", "at", slot=_slot(rows.key, rows.nth)))
    return Slots(rows, _bounds(rows), grid)


def _slot(key: ir.IntegerValue, nth: ir.IntegerValue) -> ir.IntegerValue:
    return key.cast("int64") * _STRIDE + nth.cast("int64")


def _bounds(looks: ir.Table) -> ir.Table:
    return looks.group_by("key").agg(
        first=looks.slot.min(), last=looks.slot.max(), looks=looks.count()
    )


def _looked_up(  # noqa: PLR0913, PLR0917
    slots: Slots, points: ir.Table, spans: tuple[int, ...], first: int, width: int, cells: pa.Table
) -> ir.Table:
    """The points of keys with looks; a span's slot is null if no look reaches it.

    Every point has a cell; a left join all the same, for DuckDB would else take the points for
    the fewer rows and build its hash table of them.
    """
    cell = (points["at"] / width).floor().cast("int64") - first
    bounded = ibis.greatest(ibis.least(cell, cells.num_rows - 1), 0).cast("int32")
    table = ibis.memtable(cells)
    bounds = slots.bounds.select("first", "last", their_key="key")
    rows = points.mutate(its_cell=bounded).join(bounds, [("key", "their_key")])
    rows = rows.left_join(table, [("its_cell", "cell")])
    after = rows["at"] > rows.edge
    found = {}
    for span in spans:
        nth = rows[f"base{span}"] + ibis.ifelse(after, rows[f"bump{span}"], 0)
        slot = ibis.greatest(_slot(rows.key, nth), rows["first"])
        found[f"slot{span}"] = ibis.ifelse(slot <= rows["last"], slot, ibis.null("int64"))
    return rows.select(*[c for c in points.columns if c != "key"], **found)


def _reached(rows: ir.Table) -> ir.Table:
    return rows.filter(rows.slot.notnull())


def _merged(slots: Slots, points: ir.Table, span: int) -> ir.Table:
    """How many looks lie before each point: a running count over both, points first at a tie."""
    kept = {c: points[c].type() for c in points.columns if c != "key"}
    asked = points.select(
        "key", *kept, moment=points["at"] + span * DAY, look=ibis.literal(0, "int32")
    )
    nothing = {name: ibis.null(kind) for name, kind in kept.items()}
    looks = slots.looks.select("key", **nothing, moment="at", look=ibis.literal(1, "int32"))
    both = asked.union(looks)
    so_far = ibis.cumulative_window(group_by=both.key, order_by=[both.moment, both.look])
    both = both.mutate(before=both.look.sum().over(so_far))
    found = both.filter(both.look == 0).join(slots.bounds, "key")
    found = found.select(*kept, "last", slot=found["first"] + found.before.cast("int64"))
    return found.filter(found.slot <= found["last"]).drop("last")
