"""Changes of owner, whether the new owner has met the customer, and the owner's load."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.clock import DAY, days, micros
from tsunagu.analytics.features.facts import Source
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.specs import Feature, number
from tsunagu.analytics.features.timeline import Timeline

LOAD_DAYS = 30


def features(learned: Learned) -> list[Feature]:
    """Load always; changes of owner if the fitting log has any."""
    return [*_load(), *(_changes() if Kind.OWNER.value in learned.kinds else [])]


def sources() -> list[Source]:
    """The owner at the snapshot, then that owner's load."""
    columns = {"owner__id": "string", "owner__changes": "int32", "owner__changed": "int64"}
    load = {"owner__deals": "int64", "owner__events": "int64"}
    return [
        Source(columns, ("owner",), _attach_owner),
        Source(load, ("owner__id",), _attach_load),
    ]


def _changes() -> list[Feature]:
    count = number(
        "owner_changes",
        "owner",
        "担当者が替わった回数",
        "changes of owner",
        lambda f: f["owner__changes"].fill_null(0).cast("float64"),
    )
    ago = number(
        "days_since_owner_change",
        "owner",
        "担当者が替わってからの日数",
        "days since the owner changed",
        lambda f: days(f["at"] - f["owner__changed"]),
    )
    met = number(
        "owner_met_customer",
        "owner",
        "交代後の担当者がお客様と接触できたか",
        "the new owner has met the customer",
        _met,
    )
    return [count, ago, met]


def _met(facts: ir.Table) -> ir.FloatingValue:
    changed = facts["owner__changed"]
    met = (facts["inbound__last"] >= changed).fill_null(False)
    return ibis.cases((changed.isnull(), ibis.null("float64")), (met, 1.0), else_=0.0)


def _load() -> list[Feature]:
    deals = number(
        "owner_open_deals",
        "load",
        "担当者が抱える進行中の案件数",
        "open deals of the owner",
        lambda f: f["owner__deals"].cast("float64"),
    )
    events = number(
        "owner_events_30",
        "load",
        "担当者の直近30日間の活動数",
        "events in the owner's deals in the last 30 days",
        lambda f: f["owner__events"].cast("float64"),
    )
    return [deals, events]


def _attach_owner(rows: ir.Table, timeline: Timeline) -> ir.Table:
    """The owner after the latest owner event, or else the deal's first one."""
    first = timeline.deals.select(first_deal="deal", first_owner="owner_id")
    rows = rows.left_join(first, rows.deal == first.first_deal).drop("first_deal")
    after = _after_nth(timeline)
    found = rows.left_join(after, [rows.deal == after.key, rows.owner == after.nth])
    owner = ibis.coalesce(found.new_owner, found.first_owner)
    return found.mutate(owner__id=owner).drop("key", "nth", "new_owner", "first_owner")


def _after_nth(timeline: Timeline) -> ir.Table:
    """State after the nth owner event; one that names the same owner again changes nothing."""
    first = timeline.deals.select("deal", first="owner_id")
    rows = timeline.events(Kind.OWNER).select("deal", "at", "value").join(first, "deal")
    order = ibis.window(group_by=rows.deal, order_by=rows.at)
    rows = rows.mutate(before=ibis.coalesce(rows.value.lag().over(order), rows["first"]))
    changed = ibis.ifelse(rows.before != rows.value, 1, 0)
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.at)
    moment = ibis.ifelse(changed == 1, rows.at, ibis.null("int64"))
    return rows.select(
        key="deal",
        nth=(ibis.row_number().over(order) + 1).cast("int32"),
        new_owner="value",
        owner__changes=changed.sum().over(so_far).cast("int32"),
        owner__changed=moment.max().over(so_far),
    )


def _attach_load(rows: ir.Table, timeline: Timeline) -> ir.Table:
    """Deals and events of each snapshot's owner, over all deals of the log."""
    rows = rows.cache()
    looks = rows.filter(rows.owner__id.notnull()).select(owner="owner__id", at="at").distinct()
    stints = _stints(timeline).semi_join(looks, "owner").cache()
    load = _load_at(looks, _deltas(stints), _worked(timeline, stints)).cache()
    found = rows.left_join(load, [rows.owner__id == load.load_owner, rows["at"] == load.load_at])
    return found.drop("load_owner", "load_at")


def _stints(timeline: Timeline) -> ir.Table:
    """``deal_id, owner, start, stop``: who owned each deal of the log from when until when."""
    log = timeline.log
    born = log.deals.select("deal_id", owner="owner_id", start=micros(log.deals.created_at))
    given = log.events.filter(log.events.kind == Kind.OWNER.value)
    given = given.select("deal_id", owner="value", start=micros(given["at"]))
    changes = born.union(given)
    order = ibis.window(group_by=changes.deal_id, order_by=changes.start)
    changes = changes.mutate(following=changes.start.lead().over(order))
    ends = log.outcomes()
    ends = ends.select(ended_id="deal_id", end=micros(ends.ended_at))
    rows = changes.left_join(ends, [("deal_id", "ended_id")])
    stop = ibis.least(
        ibis.coalesce(rows.following, rows.end), ibis.coalesce(rows.end, rows.following)
    )
    stints = rows.select("deal_id", "owner", "start", stop=stop)
    return stints.filter(stints.stop.isnull() | (stints.stop > stints.start))


def _deltas(stints: ir.Table) -> ir.Table:
    """``owner, at, deals, events``: one deal more at a stint's start, one less at its stop."""
    none = ibis.literal(0, "int32")
    starts = stints.select("owner", at="start", deals=ibis.literal(1, "int32"), events=none)
    stops = stints.filter(stints.stop.notnull())
    return starts.union(
        stops.select("owner", at="stop", deals=ibis.literal(-1, "int32"), events=none)
    )


def _worked(timeline: Timeline, stints: ir.Table) -> ir.Table:
    """``owner, at, deals, events``: each event counted for the owner of its moment."""
    raw = timeline.log.events
    events = raw.filter(raw.kind != Kind.OUTCOME.value).select("deal_id", at=micros(raw["at"]))
    both = events.join(stints, "deal_id")
    own = both.filter(both["at"] >= both.start, both.stop.isnull() | (both["at"] < both.stop))
    return own.select(
        "owner", "at", deals=ibis.literal(0, "int32"), events=ibis.literal(1, "int32")
    )


def _load_at(looks: ir.Table, deltas: ir.Table, worked: ir.Table) -> ir.Table:
    asked = looks.select("owner", "at", deals=ibis.null("int32"), events=ibis.null("int32"))
    both = deltas.union(worked).union(asked)
    ever = ibis.range_window(group_by=both.owner, order_by=both["at"], preceding=None, following=0)
    recent = ibis.range_window(
        group_by=both.owner,
        order_by=both["at"],
        preceding=LOAD_DAYS * DAY - 1,
        following=0,
    )
    seen = both.select(
        load_owner="owner",
        load_at="at",
        asked=both.deals.isnull(),
        owner__deals=cast(ir.IntegerColumn, both.deals).sum().over(ever).cast("int64"),
        owner__events=cast(ir.IntegerColumn, both.events).sum().over(recent).cast("int64"),
    )
    return seen.filter(seen.asked).drop("asked")
