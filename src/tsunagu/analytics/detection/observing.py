"""What is known of each deal at each look: one wide row, by two aggregations on any engine.

An event belongs to a look if it happened by then (``at <= look``), so nothing later can enter.
What an event changed is worked out once, against the deal's event of the same kind before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import BOUNCED, CONTACT_KINDS, EventLog, Kind
from tsunagu.analytics.detection.arrays import Days, Floats
from tsunagu.analytics.detection.prepared import answer
from tsunagu.analytics.detection.workdays import Workdays
from tsunagu.analytics.features.clock import day_number, local_day, micros

PROCESS = "process"
"""Name of the deals' attribute that says which process a deal runs in, where there is one."""

LONG_PUSH_DAYS = 30
"""A push of the close date counts once for every so many days, and at least once."""

_CHANGES: tuple[Kind, ...] = (
    Kind.STAGE,
    Kind.PLANNED,
    Kind.CLOSE_DATE,
    Kind.AMOUNT,
    Kind.OWNER,
    Kind.CONTACT,
    Kind.CONTACT_LEFT,
    Kind.COMPETITOR,
    Kind.CHECKPOINT,
    Kind.SURVEY,
)


@dataclass(frozen=True)
class Facts:
    """Columns of n looks, ordered by deal and time.

    Attributes:
        keys: ``deal_id, as_of``.
        look: (n,) microseconds since ``clock.ORIGIN``.
        workdays: the team's calendar.
    """

    keys: pa.Table
    look: Floats
    workdays: Workdays
    _columns: pa.Table

    def __len__(self) -> int:
        return len(self.look)

    def number(self, name: str) -> Floats:
        """(n,) a number or instant, NaN where null."""
        column = self._columns[name].cast(pa.float64())
        values: Floats = column.to_numpy(zero_copy_only=False).astype(np.float64)
        return values

    def count(self, name: str) -> Floats:
        """(n,) a number, 0 where null."""
        return np.nan_to_num(self.number(name))

    def text(self, name: str) -> pa.Array:
        """(n,) strings."""
        return self._columns[name].combine_chunks()

    @cached_property
    def day(self) -> Days:
        """(n,) local dates of the looks."""
        return self.workdays.day(self.look)

    @property
    def processes(self) -> pa.Array:
        """(n,) the deals' processes, null where none is recorded."""
        return self.text(PROCESS)


def open_deals(log: EventLog, moment: int) -> pa.Table:
    """``deal_id, look`` of the deals open at ``moment`` (microseconds), as ``features.current``."""
    asked = pa.table({"look": pa.array([moment], pa.int64())})
    return answer(_open, log, asked)


def looks_of(snapshots: ir.Table) -> pa.Table:
    """``deal_id, look`` of ``deal_id, at``."""
    looks = snapshots.select("deal_id", look=micros(snapshots["at"]))
    return looks.to_pyarrow().combine_chunks()


def observe(log: EventLog, looks: pa.Table, stages: tuple[str, ...]) -> Facts:
    """Facts of ``log`` as of each look.

    Args:
        looks: ``deal_id, look`` of deals of the log.
        stages: names in the order of the process.
    """
    rows = looks.sort_by([("deal_id", "ascending"), ("look", "ascending")])
    rows = rows.append_column("place", pa.array(np.arange(len(rows)), pa.int64()))
    if not len(rows):
        return _facts(log, rows, pa.table({}))
    found = answer(_wide, log, rows, log.time_zone, stages)
    return _facts(log, rows, found.sort_by("place"))


def _open(events: ir.Table, deals: ir.Table, asked: ir.Table) -> ir.Table:
    ends = events.filter(events.kind == Kind.OUTCOME.value)
    ended = ends.group_by("deal_id").agg(ended=micros(ends["at"]).min())
    start = ibis.greatest(deals.created_at, ibis.coalesce(deals.at_risk_from, deals.created_at))
    lives = deals.select("deal_id", start=micros(start)).left_join(ended, "deal_id")
    rows = lives.drop("deal_id_right").cross_join(asked)
    still = rows.ended.isnull() | (rows.ended > rows.look)
    return rows.filter(rows.start <= rows.look, still).select("deal_id", "look")


def _wide(
    events: ir.Table, deals: ir.Table, asked: ir.Table, zone: str, stages: tuple[str, ...]
) -> ir.Table:
    known = events.filter(events.kind != Kind.OUTCOME.value)
    known = known.mutate(moment=micros(known["at"]))
    told = _deals(deals)
    wide = _contacts(known, asked, zone)
    wide = wide.left_join(_changes(known, told, asked, stages), "place").drop("place_right")
    base = asked.left_join(told, "deal_id").drop("deal_id_right")
    return base.left_join(wide, "place").drop("place_right")


def _facts(log: EventLog, rows: pa.Table, columns: pa.Table) -> Facts:
    look = rows["look"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    created = columns["created"].cast(pa.float64()).to_numpy() if len(rows) else np.zeros(1)
    last = look.max() if len(rows) else 0.0
    workdays = Workdays.spanning(log.time_zone, min(np.nanmin(created), last), last)
    return Facts(rows.select(["deal_id"]), look, workdays, columns)


def _deals(deals: ir.Table) -> ir.Table:
    process = deals[PROCESS] if PROCESS in deals.columns else ibis.null("string")
    return deals.select(
        "deal_id",
        first_owner="owner_id",
        created=micros(deals.created_at),
        process=process.cast("string"),
    )


def _known(events: ir.Table, asked: ir.Table) -> ir.Table:
    both = events.join(asked, "deal_id")
    return both.filter(both.moment <= both.look)


def _contacts(events: ir.Table, asked: ir.Table, zone: str) -> ir.Table:
    """Who spoke when."""
    plain = events.select("deal_id", "moment", "kind", "direction", "value")
    rows = _known(plain, asked)
    inbound = rows.direction.isin(["in", "both"])
    outbound = rows.direction.isin(["out", "both"])
    touching = rows.kind.isin([kind.value for kind in CONTACT_KINDS])
    bounced = (rows.kind == Kind.EMAIL.value) & (rows.value == BOUNCED)
    return rows.group_by("place").agg(
        heard_days=local_day(rows.moment, zone).nunique(where=inbound),
        heard_first=rows.moment.min(where=inbound),
        heard=rows.moment.max(where=inbound),
        spoke_first=rows.moment.min(where=outbound),
        spoke=rows.moment.max(where=outbound),
        touched=rows.moment.max(where=touching),
        bounced=rows.moment.max(where=bounced),
    )


def _changes(
    events: ir.Table, deals: ir.Table, asked: ir.Table, stages: tuple[str, ...]
) -> ir.Table:
    rows = _known(_changed(events, deals, stages), asked)
    columns: dict[str, ir.Value] = {}
    for part in (_stage, _dates, _money, _people, _answers):
        columns |= part(rows)
    return rows.group_by("place").agg(**columns)


def _changed(events: ir.Table, deals: ir.Table, stages: tuple[str, ...]) -> ir.Table:
    """Events that change something, with what was so before them."""
    rows = events.filter(events.kind.isin([kind.value for kind in _CHANGES]))
    valued = rows.value.notnull() | ~rows.kind.isin([Kind.STAGE.value, Kind.OWNER.value])
    rows = rows.filter(valued).select(
        "deal_id", "moment", "kind", "value", "amount", "direction", due=day_number(rows.value)
    )
    order = ibis.window(group_by=[rows.deal_id, rows.kind], order_by=rows.moment)
    same = ibis.window(group_by=[rows.deal_id, rows.kind, rows.value], order_by=rows.moment)
    first = ibis.row_number().over(same) == 0
    rows = rows.mutate(
        before=rows.value.lag().over(order),
        amount_before=rows.amount.lag().over(order),
        due_before=rows.due.lag().over(order),
        met_before=rows.amount.lag().over(same),
        fresh=first & rows.value.notnull(),
        depth=_place(rows.value, stages),
    )
    rows = rows.mutate(depth=_place(rows.before, stages) - rows.depth)
    return rows.left_join(deals.select("deal_id", "first_owner"), "deal_id").drop("deal_id_right")


def _place(value: ir.StringValue, stages: tuple[str, ...]) -> ir.IntegerValue:
    if not stages:
        return cast(ir.IntegerValue, ibis.null("int64"))
    branches = [(value == name, place) for place, name in enumerate(stages)]
    return cast(ir.IntegerValue, ibis.cases(*branches, else_=ibis.null("int64")))


def _stage(rows: ir.Table) -> dict[str, ir.Value]:
    named = rows.kind == Kind.STAGE.value
    moved = named & (rows.before.isnull() | (rows.before != rows.value))
    back = named & (rows.depth > 0)
    return {
        "stage": rows.value.argmax(rows.moment, where=named),
        "entered": rows.moment.max(where=moved),
        "back": rows.moment.max(where=back),
        "back_steps": rows.depth.argmax(rows.moment, where=back),
        "back_from": rows.before.argmax(rows.moment, where=back),
        "back_to": rows.value.argmax(rows.moment, where=back),
    }


def _dates(rows: ir.Table) -> dict[str, ir.Value]:
    planned, close = rows.kind == Kind.PLANNED.value, rows.kind == Kind.CLOSE_DATE.value
    dated = planned & rows.due.notnull()
    push = rows.due - rows.due_before
    pushed = close & (push > 0)
    weight = ibis.greatest(push, LONG_PUSH_DAYS)  # whole days: sums of them do not round
    return {
        "due": rows.due.max(where=dated),
        "planned": rows.moment.max(where=dated),
        "unplanned": rows.moment.max(where=planned & rows.due.isnull()),
        "pushed": rows.moment.max(where=pushed),
        "pushes": pushed.cast("int64").sum(),
        "push_days": push.sum(where=pushed),
        "push_weighted_days": weight.sum(where=pushed),
        "close_due": rows.due.argmax(rows.moment, where=close & rows.due.notnull()),
    }


def _money(rows: ir.Table) -> dict[str, ir.Value]:
    priced = (rows.kind == Kind.AMOUNT.value) & rows.amount.notnull()
    return {
        "amount": rows.amount.argmax(rows.moment, where=priced),
        "amount_most": rows.amount.max(where=priced),
        "cut": rows.moment.max(where=priced & (rows.amount < rows.amount_before)),
    }


def _people(rows: ir.Table) -> dict[str, ir.Value]:
    owner = rows.kind == Kind.OWNER.value
    changed = owner & (rows.value != ibis.coalesce(rows.before, rows.first_owner))
    joined = (rows.kind == Kind.CONTACT.value) & rows.fresh
    left = rows.kind == Kind.CONTACT_LEFT.value
    named = (rows.kind == Kind.COMPETITOR.value) & rows.value.notnull()
    return {
        "owner": rows.value.argmax(rows.moment, where=changed),
        "owner_changed": rows.moment.max(where=changed),
        "joined": rows.moment.max(where=joined),
        "contacts": joined.cast("int64").sum(),
        "left": rows.moment.max(where=left),
        "left_who": rows.value.argmax(rows.moment, where=left & rows.value.notnull()),
        "leavers": (left & rows.fresh).cast("int64").sum(),
        "competitor": rows.value.argmax(rows.moment, where=named),
        "rival": rows.moment.max(where=named),
    }


def _answers(rows: ir.Table) -> dict[str, ir.Value]:
    checked = rows.kind == Kind.CHECKPOINT.value
    again = (rows.met_before == 0).fill_null(False)
    skipped = checked & (rows.amount == 0) & ~again
    made_good = checked & (rows.amount == 1) & again
    survey = rows.kind == Kind.SURVEY.value
    scored = survey & rows.amount.notnull()
    return {
        "skip": rows.moment.max(where=skipped),
        "skipped": rows.value.argmax(rows.moment, where=skipped & rows.value.notnull()),
        "skips": skipped.cast("int64").sum() - made_good.cast("int64").sum(),
        "asked": rows.moment.max(where=survey & (rows.direction == "out")),
        "answered": rows.moment.max(where=survey & (rows.direction != "out")),
        "scored": rows.moment.max(where=scored),
        "score": rows.amount.argmax(rows.moment, where=scored),
    }
