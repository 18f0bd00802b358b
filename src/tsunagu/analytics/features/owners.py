"""Changes of owner, whether the new owner has met the customer, and the owner's load."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.clock import in_micros
from tsunagu.analytics.features.facts import Source
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.features.slots import Grid, Slots, everywhere, in_order
from tsunagu.analytics.features.sorts import codes_of
from tsunagu.analytics.features.specs import Feature, days_since, fact, number
from tsunagu.analytics.features.timeline import Timeline, in_time, nth_in_time

LOAD_DAYS = 30
LOAD_FEATURES = frozenset({"owner_open_deals", "owner_events_30"})
LOAD_COLUMNS = {"owner__deals": "int32", "owner__events": "int32"}
_WORK = ("customer", Kind.NOTE.value, Kind.ACTIVITY.value)
"""Counters of what takes an owner's time."""


def features(learned: Learned) -> list[Feature]:
    """Load always; changes of owner if the fitting log has any."""
    return [*_load(), *(_changes() if Kind.OWNER.value in learned.kinds else [])]


def sources() -> list[Source]:
    """The owner at the snapshot, then that owner's load."""
    columns = {"owner__code": "int32", "owner__changes": "int32", "owner__changed": "int64"}
    return [
        Source(columns, ("owner",), _attach_owner, (Kind.OWNER,)),
        Source(LOAD_COLUMNS, ("owner__code",), _attach_load, moves=True),
    ]


def _changes() -> list[Feature]:
    count = number(
        "owner_changes",
        "owner",
        "担当者が替わった回数",
        "changes of owner",
        fact("owner__changes", missing=0),
    )
    ago = number(
        "days_since_owner_change",
        "owner",
        "担当者が替わってからの日数",
        "days since the owner changed",
        days_since("owner__changed"),
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
        fact("owner__deals"),
    )
    events = number(
        "owner_events_30",
        "load",
        "担当者の直近30日間の活動数",
        "activities of the owner's deals in the last 30 days",
        fact("owner__events"),
    )
    return [deals, events]


def _attach_owner(rows: ir.Table, timeline: Timeline) -> ir.Table:
    """The owner after the latest owner event, or else the deal's first one."""
    first = timeline.deals.select(first_deal="deal", first_owner="owner")
    rows = rows.left_join(first, rows.deal == first.first_deal).drop("first_deal")
    after = _after_nth(timeline)
    found = rows.left_join(after, [rows.deal == after.key, rows.owner == after.nth])
    owner = ibis.coalesce(found.new_owner, found.first_owner)
    return found.mutate(owner__code=owner).drop("key", "nth", "new_owner", "first_owner")


def _after_nth(timeline: Timeline) -> ir.Table:
    """State after the nth owner event; one that names the same owner, or none, changes nothing."""
    first = timeline.deals.select("deal", first="owner")
    rows = timeline.values(Kind.OWNER).select("deal", "at", "value").join(first, "deal")
    rows = rows.left_join(timeline.owners, rows.value == timeline.owners.owner_id)
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=in_time(rows))
    rows = rows.mutate(named=rows.owner.count().over(so_far), nth=nth_in_time(rows))
    since = ibis.window(group_by=[rows.deal, rows.named])
    rows = rows.mutate(now=ibis.coalesce(rows.owner.max().over(since), rows["first"]))
    return _cumulated(rows)


def _cumulated(rows: ir.Table) -> ir.Table:
    order = ibis.window(group_by=rows.deal, order_by=rows.nth)
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.nth)
    rows = rows.mutate(before=ibis.coalesce(rows.now.lag().over(order), rows["first"]))
    changed = ibis.ifelse(rows.before != rows.now, 1, 0)
    moment = ibis.ifelse(changed == 1, rows.at, ibis.null("int64"))
    return rows.select(
        "nth",
        key="deal",
        new_owner="now",
        owner__changes=changed.sum().over(so_far).cast("int32"),
        owner__changed=moment.max().over(so_far),
    )


def _attach_load(rows: ir.Table, timeline: Timeline) -> ir.Table:
    """Deals and events of each snapshot's owner, over all deals of the log."""
    load = _given_load(timeline)
    if load is None:
        load = materialise(_load_at(_owner_looks(rows, timeline), timeline))
    return rows.left_join(load, [rows.owner__code == load.by, rows["at"] == load.asked]).drop(
        "by", "asked"
    )


def _given_load(timeline: Timeline) -> ir.Table | None:
    if timeline.load is None:
        return None
    owners = timeline.owners.select("owner", their_id="owner_id")
    known = timeline.load.join(owners, [("owner_id", "their_id")])
    return known.select(*LOAD_COLUMNS, by="owner", asked="at")


def load_on(timeline: Timeline, instants: Grid) -> ir.Table:
    """``owner_id, at`` (microseconds) and the load of every owner at every instant.

    Of deals that are a part of all it is a part of the load; parts add up.
    """
    looks = everywhere(timeline.owners.select(key="owner"), instants)
    load = _load_at(looks, timeline).join(timeline.owners, [("by", "owner")])
    return load.select("owner_id", *LOAD_COLUMNS, at="asked")


def _owner_looks(rows: ir.Table, timeline: Timeline) -> Slots:
    """Every owner at every instant of a common grid, or else those there are."""
    if timeline.looks.grid:
        return everywhere(timeline.owners.select(key="owner"), timeline.looks.grid)
    known = rows.filter(rows.owner__code.notnull())
    return in_order(known.select("at", key="owner__code").distinct())


def _load_at(looks: Slots, timeline: Timeline) -> ir.Table:
    """``by, asked, owner__deals, owner__events``, by running sums as in ``counting``."""
    stints = materialise(_stints(timeline))
    points = _edges(stints).union(_worked(timeline, stints))
    placed = looks.place(points, (0, LOAD_DAYS))
    entered = placed[0].group_by(slot_in="slot").agg(deals=_.deals.sum(), came=_.events.sum())
    left = placed[LOAD_DAYS].group_by(slot_out="slot").agg(went=_.events.sum())
    rows = looks.looks.left_join(entered, [("slot", "slot_in")])
    rows = rows.left_join(left, [("slot", "slot_out")])
    so_far = ibis.cumulative_window(group_by=rows.key, order_by=rows.slot)
    events = rows.came.fill_null(0) - rows.went.fill_null(0)
    return rows.select(
        by="key",
        asked="at",
        owner__deals=rows.deals.fill_null(0).sum().over(so_far).cast("int32"),
        owner__events=events.sum().over(so_far).cast("int32"),
    )


def _stints(timeline: Timeline) -> ir.Table:
    """``deal, owner, start, stop``: who owned each deal of the log from when until when."""
    none, one = ibis.literal(0, "int32"), ibis.literal(1, "int32")
    born = timeline.deals.select("deal", "owner", start="created", handed=none)
    changes = born.union(_handings_over(timeline).mutate(handed=one))
    in_turn = [changes.start, changes.handed, changes.owner]
    order = ibis.window(group_by=changes.deal, order_by=in_turn)
    changes = changes.mutate(following=changes.start.lead().over(order))
    rows = changes.left_join(_ends(timeline), [("deal", "ended_deal")])
    stop = ibis.least(
        ibis.coalesce(rows.following, rows.end), ibis.coalesce(rows.end, rows.following)
    )
    stints = rows.select("deal", "owner", "start", stop=stop)
    return stints.filter(
        stints.owner.notnull(), stints.stop.isnull() | (stints.stop > stints.start)
    )


def _handings_over(timeline: Timeline) -> ir.Table:
    raw = timeline.log.events
    given = raw.filter(raw.kind == Kind.OWNER.value).select("deal_id", "at", "value")
    named = timeline.numbered(given).join(timeline.owners, [("value", "owner_id")])
    return named.select("deal", "owner", start="at")


def _ends(timeline: Timeline) -> ir.Table:
    raw = timeline.log.events
    over = raw.filter(raw.kind == Kind.OUTCOME.value).select("deal_id", "at")
    ends = timeline.numbered(over)
    ends = ends.filter(ends["at"] <= in_micros(timeline.log.observed_until))
    return ends.group_by(ended_deal="deal").agg(end=ends["at"].min())


def _edges(stints: ir.Table) -> ir.Table:
    """One deal more at a stint's start, one less at its stop."""
    one, none = ibis.literal(1, "int32"), ibis.literal(0, "int32")
    starts = stints.select(key="owner", at="start", deals=one, events=none)
    stopped = stints.filter(stints.stop.notnull())
    return starts.union(stopped.select(key="owner", at="stop", deals=-one, events=none))


def _worked(timeline: Timeline, stints: ir.Table) -> ir.Table:
    """Each activity with the owner of its moment; what was merely recorded is no work."""
    events = timeline.events
    done = sorted({c for name in _WORK for c in codes_of(name, len(timeline.steps))})
    both = events.filter(events["sort"].isin(done)).select("deal", "at").join(stints, "deal")
    own = both.filter(both["at"] >= both.start, both.stop.isnull() | (both["at"] < both.stop))
    one, none = ibis.literal(1, "int32"), ibis.literal(0, "int32")
    return own.select(key="owner", at="at", deals=none, events=one)
