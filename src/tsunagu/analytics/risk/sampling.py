"""Which landmarks are learned from, where all of them would not fit one machine.

Every landmark that a break-off follows, and a share of the others, each of which then stands for
so many: an unequal-probability sample with inverse weights (Horvitz and Thompson, A generalization
of sampling without replacement from a finite universe, JASA 47, 1952), here of a case-cohort kind
(Prentice, A case-cohort design for epidemiologic cohort studies and disease prevention trials,
Biometrika 73, 1986).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.backends.instants import builtin
from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog, Outcome
from tsunagu.analytics.features.clock import DAY, micros
from tsunagu.analytics.features.materialising import materialise

LEAST_OTHER_ENDS = 5_000
"""Landmarks before a win or a loss that are kept in any case, so that these can be calibrated."""

_DIGITS = 8
_STEPS = 16**_DIGITS
_REACH = HORIZONS_DAYS[-1] * DAY
_digest = builtin("md5", (("string",), "string"))
"""In hexadecimal digits, the same on every engine, which their own ``hash`` is not."""


@dataclass(frozen=True)
class Shares:
    """How much is learned from of the landmarks that no break-off follows within 90 days.

    Attributes:
        ends: of those before a win or a loss.
        rest: of those before neither.
    """

    ends: float
    rest: float


def shares(log: EventLog, landmarks: ir.Table, share: float) -> Shares:
    """``share`` of the rest, and of other ends as many as are needed."""
    follows = _what_follows(log, landmarks).follows
    other = follows.notnull() & (follows != Outcome.BROKEN_OFF.value)
    ends = int(other.sum().to_pyarrow().as_py() or 0)
    return Shares(max(share, min(1.0, LEAST_OTHER_ENDS / max(ends, 1))), share)


def share_for(log: EventLog, landmarks: ir.Table, most: int) -> float:
    """The share with which about ``most`` landmarks are learned from, 1 if there are no more."""
    rows = _what_follows(log, landmarks)
    broken = rows.follows.fill_null("") == Outcome.BROKEN_OFF.value
    counts = rows.agg(all=rows.count(), kept=broken.sum()).to_pyarrow().to_pylist()[0]
    kept = counts["kept"] or 0
    return float(min(1.0, max(0.0, most - kept) / max(counts["all"] - kept, 1)))


def sample(log: EventLog, landmarks: ir.Table, kept: Shares) -> ir.Table:
    """``deal_id, at, weight``: the same rows whatever the engine and the order of rows.

    Args:
        log: tells what follows.
        landmarks: ``deal_id, at``.
        kept: shares of those that no break-off follows.
    """
    rows = _what_follows(log, landmarks)
    ends, rest = (max(1, round(share * _STEPS)) for share in (kept.ends, kept.rest))
    steps = ibis.cases(
        (rows.follows.fill_null("") == Outcome.BROKEN_OFF.value, _STEPS),
        (rows.follows.notnull(), ends),
        else_=rest,
    )
    drawn = rows.mutate(steps=steps.cast("int64"), place=_place(rows.deal_id, rows.moment))
    limits = [(drawn.steps == step, _limit(step)) for step in {ends, rest}]
    chosen = drawn.filter((drawn.steps == _STEPS) | (drawn.place < ibis.cases(*limits)))
    weight = ibis.literal(_STEPS).cast("float64") / chosen.steps.cast("float64")
    return materialise(chosen.select("deal_id", "at", weight=weight))


def some_deals(log: EventLog, most: int) -> EventLog:
    """The log of about ``most`` of its deals, whatever became of them."""
    share = most / max(int(log.deals.count().to_pyarrow().as_py()), 1)
    if share >= 1:
        return log
    place = _digest(log.deals.deal_id).substr(0, _DIGITS)
    deals = log.deals.filter(place < _limit(round(share * _STEPS)))
    events = log.events.semi_join(deals, "deal_id")
    return replace(log, events=events, deals=deals)


def brought_here(log: EventLog) -> EventLog:
    """The same log on an embedded engine of its own."""
    names = ("events", "deals")
    tables = {name: ibis.memtable(_zoned(getattr(log, name).to_pyarrow())) for name in names}
    return replace(log, **tables)


def _zoned(table: pa.Table) -> pa.Table:
    """Instants with their zone, which Spark leaves out."""
    return table.cast(pa.schema([_instant(field) for field in table.schema]))


def _instant(field: pa.Field) -> pa.Field:
    is_instant = pa.types.is_timestamp(field.type)
    return field.with_type(pa.timestamp("us", tz="UTC")) if is_instant else field


def _limit(step: int) -> str:
    """What the digits of a place lie below, ``step`` times of all there are."""
    return f"{min(step, _STEPS - 1):0{_DIGITS}x}"


def _place(deal_id: ir.StringValue, moment: ir.IntegerValue) -> ir.StringValue:
    """A landmark's place in the draw, in hexadecimal digits, which sort as numbers do."""
    found: ir.StringValue = _digest(deal_id + "@" + moment.cast("string")).substr(0, _DIGITS)
    return found


def _what_follows(log: EventLog, landmarks: ir.Table) -> ir.Table:
    """``deal_id, at, moment, follows``: the deal's end within 90 days, null if there is none."""
    ends = log.outcomes()
    rows = landmarks.select("deal_id", "at").left_join(
        ends.select("deal_id", "outcome", end=micros(ends.ended_at)), "deal_id"
    )
    moment = micros(rows["at"])
    near = (rows.end - moment) <= _REACH
    follows = ibis.ifelse(near, rows.outcome, ibis.null("string"))
    return rows.select("deal_id", "at", moment=moment, follows=follows)
