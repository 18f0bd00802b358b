"""Changes of owner, whether the new owner has met the customer, and the owner's load."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.clock import DAY, micros
from tsunagu.analytics.features.facts import Source
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.features.specs import Feature, days_since, fact, number
from tsunagu.analytics.features.timeline import Timeline

LOAD_DAYS = 30


def features(learned: Learned) -> list[Feature]:
    """Load always; changes of owner if the fitting log has any."""
    return [*_load(), *(_changes() if Kind.OWNER.value in learned.kinds else [])]


def sources() -> list[Source]:
    """The owner at the snapshot, then that owner's load."""
    columns = {"owner__id": "string", "owner__changes": "int32", "owner__changed": "int64"}
    load = {"owner__deals": "int32", "owner__events": "int32"}
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
        "events in the owner's deals in the last 30 days",
        fact("owner__events"),
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
    rows = timeline.values(Kind.OWNER).select("deal", "at", "value").join(first, "deal")
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
    looks = rows.filter(rows.owner__id.notnull()).select(owner="owner__id", at="at").distinct()
    looks = materialise(looks)
    stints = materialise(_stints(timeline).semi_join(looks, "owner"))
    deals = materialise(_open_deals(looks, stints))
    events = materialise(_recent_events(looks, _worked(timeline, stints)))
    rows = rows.left_join(deals, [rows.owner__id == deals.owner, rows["at"] == deals.asked])
    rows = rows.drop("owner", "asked")
    rows = rows.left_join(events, [rows.owner__id == events.by, rows["at"] == events.asked])
    return rows.drop("by", "asked")


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


def _open_deals(looks: ir.Table, stints: ir.Table) -> ir.Table:
    """One deal more at a stint's start, one less at its stop: ``owner, asked, owner__deals``."""
    one = ibis.literal(1, "int32")
    starts = stints.select("owner", at="start", change=one)
    stops = stints.filter(stints.stop.notnull()).select("owner", at="stop", change=-one)
    both = starts.union(stops).union(looks.mutate(change=ibis.null("int32")))
    ever = ibis.range_window(group_by=both.owner, order_by=both["at"], preceding=None, following=0)
    total = both.change.sum().over(ever).cast("int32")
    seen = both.select("owner", "change", asked="at", owner__deals=total)
    return seen.filter(seen.change.isnull()).drop("change")


def _worked(timeline: Timeline, stints: ir.Table) -> ir.Table:
    """``owner, at``: each event with the owner of its moment."""
    raw = timeline.log.events
    events = raw.filter(raw.kind != Kind.OUTCOME.value).select("deal_id", at=micros(raw["at"]))
    both = events.join(stints, "deal_id")
    own = both.filter(both["at"] >= both.start, both.stop.isnull() | (both["at"] < both.stop))
    return own.select("owner", "at")


def _recent_events(looks: ir.Table, worked: ir.Table) -> ir.Table:
    """Events in the days before each look: ``by, asked, owner__events``.

    The place of a look among an owner's events and looks, less its place among the looks alone,
    is how many events lie at or before it: row numbers are far cheaper than sums over ranges.
    """
    now = looks.mutate(asked="at", now=ibis.literal(1, "int32"))
    then = looks.mutate(asked="at", now=ibis.literal(-1, "int32"))
    asked = now.union(then.mutate(at=then["at"] - LOAD_DAYS * DAY))
    order = ibis.window(group_by=asked.owner, order_by=[asked["at"], asked.now])
    asked = asked.mutate(looks_before=ibis.row_number().over(order))
    events = worked.select(
        "owner",
        "at",
        asked=ibis.null("int64"),
        now=ibis.literal(-2, "int32"),
        looks_before=ibis.null("int64"),
    )
    both = asked.union(events)
    order = ibis.window(group_by=both.owner, order_by=[both["at"], both.now])
    both = both.mutate(before=ibis.row_number().over(order) - both.looks_before)
    seen = both.filter(both.asked.notnull())
    difference = (seen.before * seen.now).sum().cast("int32")
    return seen.group_by(by=seen.owner, asked=seen.asked).agg(owner__events=difference)
