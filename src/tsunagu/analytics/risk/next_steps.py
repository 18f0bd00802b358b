"""What the risk would be had something just been done: the deal scored anew with one fact more.

It tells what such deals had in common with calmer ones, not what the step brings about; effects of
plays are measured elsewhere (:mod:`tsunagu.analytics.plays`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa

from tsunagu.analytics.contracts import (
    EVENT_SCHEMA,
    EventLog,
    Kind,
    NextStep,
    Outcome,
    incidence_column,
)
from tsunagu.analytics.features import current

if TYPE_CHECKING:
    from tsunagu.analytics.risk.model import RiskModel

DAYS = 30
LEAST_GAIN = 0.01
"""A smaller difference is not worth a line."""

_PLANNED_AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Step:
    """Something a representative can do today.

    Attributes:
        key: stable name.
        kinds: the first of these that the model's log knows is the fact it leaves.
        ja: in Japanese.
        en: in English.
    """

    key: str
    kinds: tuple[Kind, ...]
    ja: str
    en: str


STEPS: tuple[Step, ...] = (
    Step(
        "talk",
        (Kind.MEETING, Kind.CALL, Kind.EMAIL, Kind.VISIT),
        "お客様と双方向のやり取りをする",
        "A two-way contact with the customer",
    ),
    Step("plan", (Kind.PLANNED,), "1週間後の次の予定を決める", "A next step planned for next week"),
)


def next_steps(model: RiskModel, log: EventLog, deal_id: str) -> tuple[NextStep, ...]:
    """The steps that go with a lower risk to break off within 30 days, the lowest first.

    Args:
        model: the model, brought up to date.
        log: the whole log, up to now.
        deal_id: an open deal.
    """
    before = _risk(model, log, deal_id)
    known = model.recipe.learned.kinds
    tried = [
        NextStep(step.key, before, _after(model, log, deal_id, kind), step.ja, step.en)
        for step in STEPS
        if (kind := next((k for k in step.kinds if k.value in known), None))
    ]
    helpful = [step for step in tried if step.before - step.after >= LEAST_GAIN]
    return tuple(sorted(helpful, key=lambda step: step.after))


def _after(model: RiskModel, log: EventLog, deal_id: str, kind: Kind) -> float:
    return _risk(model, _done(log, deal_id, kind), deal_id)


def _risk(model: RiskModel, log: EventLog, deal_id: str) -> float:
    deals = current(log)
    scores = model.score(log, deals.filter(deals.deal_id == deal_id))
    return float(scores[incidence_column(Outcome.BROKEN_OFF, DAYS)][0].as_py())


def _done(log: EventLog, deal_id: str, kind: Kind) -> EventLog:
    """The log with one fact more, as of now."""
    row: dict[str, Any] = dict.fromkeys(EVENT_SCHEMA.names)
    row |= {"deal_id": deal_id, "kind": kind.value}
    row["at"] = log.observed_until - timedelta(microseconds=1)
    if kind is Kind.PLANNED:
        day = log.observed_until.astimezone(ZoneInfo(log.time_zone)) + _PLANNED_AHEAD
        row["value"] = day.date().isoformat()
    else:
        row["direction"] = "both"
    fact = ibis.memtable(pa.Table.from_pylist([row], schema=EVENT_SCHEMA))
    events = log.events.select(*EVENT_SCHEMA.names)
    return replace(log, events=events.union(fact.cast(events.schema())))
