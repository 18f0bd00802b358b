"""What was promised: the next step, the expected close date, and the amount."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.clock import day_number, local_day
from tsunagu.analytics.features.facts import Source, numbered_lookup
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.specs import Feature, fact, number
from tsunagu.analytics.features.timeline import Timeline, nth_in_time


def features(learned: Learned) -> list[Feature]:
    """Features of the promises that the fitting log holds."""
    found: list[Feature] = []
    if Kind.PLANNED.value in learned.kinds:
        found += _next_step(learned.time_zone)
    if Kind.CLOSE_DATE.value in learned.kinds:
        found += _close_date(learned.time_zone)
    if Kind.AMOUNT.value in learned.kinds:
        found += _amount()
    return found


def sources() -> list[Source]:
    """The latest due day, close date and amount, with what happened to them so far."""
    return [
        numbered_lookup("planned", "planned", {"due": "int32"}, _planned),
        numbered_lookup(
            "close",
            "close_date",
            {"due": "int32", "pushes": "int32", "pushed": "int32"},
            _close_dates,
        ),
        numbered_lookup(
            "money",
            "amount",
            {"now": "float64", "first": "float64", "cuts": "int32"},
            _amounts,
        ),
    ]


def _next_step(zone: str) -> list[Feature]:
    has = number(
        "has_next_step",
        "next_step",
        "次の予定があるか",
        "a next step is planned",
        lambda f: ibis.ifelse(f["planned__due"] >= local_day(f["at"], zone), 1.0, 0.0).fill_null(
            0.0
        ),
    )
    late = number(
        "next_step_overdue_days",
        "next_step",
        "次の予定を過ぎた日数（その後の接触なし）",
        "days past the planned next step without a contact",
        lambda f: _overdue(f, zone),
    )
    return [has, late]


def _overdue(facts: ir.Table, zone: str) -> ir.FloatingValue:
    """0 until the due day is over, or once the customer was met on or after it."""
    due = facts["planned__due"]
    kept = (local_day(facts["customer__last"], zone) >= due).fill_null(False)
    late = (local_day(facts["at"], zone) - due).cast("float64")
    return ibis.cases((due.isnull(), ibis.null("float64")), (kept | (late < 0), 0.0), else_=late)


def _close_date(zone: str) -> list[Feature]:
    left = number(
        "days_to_close_date",
        "close_date",
        "完了予定日までの日数（負は超過）",
        "days to the expected close date (negative: overdue)",
        lambda f: f["close__due"] - local_day(f["at"], zone),
    )
    pushes = number(
        "close_date_pushes",
        "close_date",
        "完了予定日が延びた回数",
        "times the close date was pushed",
        fact("close__pushes", missing=0),
    )
    pushed = number(
        "close_date_pushed_days",
        "close_date",
        "完了予定日が延びた日数の合計",
        "days by which the close date was pushed in all",
        fact("close__pushed", missing=0),
    )
    return [left, pushes, pushed]


def _amount() -> list[Feature]:
    now = number("amount_now", "amount", "現在の金額", "amount now", fact("money__now"))
    ratio = number(
        "amount_change_ratio",
        "amount",
        "当初金額に対する現在金額の倍率",
        "amount now against the first (ratio)",
        lambda f: f["money__now"] / f["money__first"].nullif(0.0),
    )
    cuts = number(
        "amount_cuts",
        "amount",
        "金額が下がった回数",
        "times the amount was cut",
        fact("money__cuts", missing=0),
    )
    return [now, ratio, cuts]


def _planned(timeline: Timeline) -> ir.Table:
    """The latest due day among the plans made so far."""
    rows = _ordered(timeline.values(Kind.PLANNED))
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.nth)
    return rows.select("deal", "nth", due=day_number(rows.value).max().over(so_far).cast("int32"))


def _close_dates(timeline: Timeline) -> ir.Table:
    rows = _ordered(timeline.values(Kind.CLOSE_DATE))
    rows = rows.select("deal", "nth", due=day_number(rows.value).cast("int32"))
    order = ibis.window(group_by=rows.deal, order_by=rows.nth)
    rows = rows.mutate(push=rows.due - rows.due.lag().over(order))
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.nth)
    return rows.select(
        "deal",
        "nth",
        "due",
        pushes=ibis.ifelse(rows.push > 0, 1, 0).sum().over(so_far).cast("int32"),
        pushed=ibis.ifelse(rows.push > 0, rows.push, 0).sum().over(so_far).cast("int32"),
    )


def _amounts(timeline: Timeline) -> ir.Table:
    rows = _ordered(timeline.values(Kind.AMOUNT))
    order = ibis.window(group_by=rows.deal, order_by=rows.nth)
    rows = rows.mutate(before=rows.amount.lag().over(order))
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.nth)
    return rows.select(
        "deal",
        "nth",
        now=rows.amount,
        first=rows.amount.first().over(so_far),
        cuts=ibis.ifelse(rows.amount < rows.before, 1, 0).sum().over(so_far).cast("int32"),
    )


def _ordered(events: ir.Table) -> ir.Table:
    return events.mutate(nth=nth_in_time(events))
