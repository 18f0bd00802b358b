"""What the risk would be had something just been done: copies of deals, each with one fact more.

It tells what such deals had in common with calmer ones, not what the step brings about; effects of
plays are measured elsewhere (:mod:`tsunagu.analytics.plays`).  No step is an offer: before needs
are re-confirmed nobody is nudged to sell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import (
    EVENT_SCHEMA,
    HORIZONS_DAYS,
    Kind,
    NextStep,
    Outcome,
    incidence_column,
)
from tsunagu.analytics.risk import inputs
from tsunagu.analytics.risk.arrays import Bools, Floats
from tsunagu.analytics.risk.periods import CAUSES

if TYPE_CHECKING:
    from tsunagu.analytics.risk.model import RiskModel

DAYS = 30
COLUMN = incidence_column(Outcome.BROKEN_OFF, DAYS)
LEAST_GAIN = 0.03
"""A smaller difference is not worth a line: from week to week a risk moves as much by itself."""

HELD = frozenset({"load"})
"""Groups of features that a step leaves as they were: they are about the owner's other deals."""

_PLANNED_AHEAD = timedelta(days=7)
_PLACE = HORIZONS_DAYS.index(DAYS), CAUSES.index(Outcome.BROKEN_OFF)


@dataclass(frozen=True)
class Step:
    """Something a representative can do today.

    Attributes:
        key: stable name.
        kinds: the first of these that the model's log knows is the fact it leaves.
        taken: a feature, and the values of it that say that this was done lately already.
        ja: in Japanese.
        en: in English.
    """

    key: str
    kinds: tuple[Kind, ...]
    taken: tuple[str, Callable[[Floats], Bools]]
    ja: str
    en: str

    @property
    def mark(self) -> str:
        """What is added to the name of a deal's copy."""
        return f"~{self.key}"


STEPS: tuple[Step, ...] = (
    Step(
        "talk",
        (Kind.MEETING, Kind.CALL, Kind.EMAIL, Kind.VISIT),
        ("days_since_inbound", lambda days: days < 7),
        "今週、お客様と双方向のやり取りをする",
        "A two-way contact with the customer this week",
    ),
    Step(
        "plan",
        (Kind.PLANNED,),
        ("has_next_step", lambda has: has > 0),
        "1週間後の次の予定を決める",
        "A next step planned for next week",
    ),
)


@dataclass(frozen=True)
class Imagined:
    """Copies of deals, each with one fact more, beside which no other deal needs to stand.

    Attributes:
        events: columns of the contract.
        deals: those of the original's table.
        snapshots: ``deal_id, at``.
    """

    events: pa.Table
    deals: pa.Table
    snapshots: pa.Table


def is_copy(deal_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which names are those of copies."""
    return pc.match_substring_regex(deal_ids, "(" + "|".join(s.mark for s in STEPS) + ")$")


def imagine(
    known: Sequence[str], events: pa.Table, deals: pa.Table, deal_ids: pa.Array, at: datetime
) -> Imagined:
    """A copy of each deal for each step whose kind of fact the model knows.

    Args:
        known: kinds of events that the model learned from.
        events: columns of :data:`EVENT_SCHEMA`; of these deals or of more.
        deals: columns of the contract, and attributes.
        deal_ids: of the deals to copy, open ``at``.
        at: now, in the team's time zone.
    """
    own = events.select(EVENT_SCHEMA.names).filter(pc.is_in(events["deal_id"], value_set=deal_ids))
    rows = deals.filter(pc.is_in(deals["deal_id"], value_set=deal_ids))
    copied, added, found = [own.slice(0, 0)], [], [rows.slice(0, 0)]
    for step, kind in _possible(known):
        names = pc.binary_join_element_wise(deal_ids, step.mark, "")
        copied.append(_of_owners_of_their_own(_renamed(own, step), step))
        added.append(_facts(names, kind, at).cast(own.schema))
        owner = pc.binary_join_element_wise(rows["owner_id"], step.mark, "")
        found.append(_with(_renamed(rows, step), "owner_id", owner))
    copies = pa.concat_tables(found)
    moments = pa.array([at] * len(copies), pa.timestamp("us", tz="UTC"))
    snapshots = pa.table({"deal_id": copies["deal_id"], "at": moments})
    return Imagined(pa.concat_tables([*copied, *added]), copies, snapshots)


def _possible(known: Sequence[str]) -> list[tuple[Step, Kind]]:
    kinds = ((step, next((k for k in step.kinds if k.value in known), None)) for step in STEPS)
    return [(step, kind) for step, kind in kinds if kind is not None]


def _with(table: pa.Table, name: str, column: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), table.schema.field(name), column)


def _renamed(table: pa.Table, step: Step) -> pa.Table:
    names = pc.binary_join_element_wise(table["deal_id"], step.mark, "")
    return _with(table, "deal_id", names)


def _of_owners_of_their_own(events: pa.Table, step: Step) -> pa.Table:
    """So that copies are nobody's work."""
    renamed = pc.binary_join_element_wise(events["value"], step.mark, "")
    mine = pc.equal(events["kind"], Kind.OWNER.value)
    return _with(events, "value", pc.if_else(mine, renamed, events["value"]))


def _facts(names: pa.Array, kind: Kind, at: datetime) -> pa.Table:
    """One fact for each deal, just now."""
    fact: dict[str, Any] = dict.fromkeys(EVENT_SCHEMA.names)
    fact |= {"kind": kind.value, "at": at - timedelta(microseconds=1)}
    if kind is Kind.PLANNED:
        fact["value"] = (at + _PLANNED_AHEAD).date().isoformat()
    else:
        fact["direction"] = "both"
    rows = [{**fact, "deal_id": name} for name in names.to_pylist()]
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)


def compare(
    model: RiskModel, scores: pa.Table, features: pa.Table, copies: pa.Table
) -> Mapping[str, tuple[NextStep, ...]]:
    """For each deal the steps that go with a lower risk within 30 days, the lowest first.

    What was done lately already is not among them, nor what moves the risk by less than
    :data:`LEAST_GAIN`.

    Args:
        model: the model, brought up to date.
        scores: what it says of the deals.
        features: of the deals.
        copies: features of what :func:`imagine` gave for them; those of other deals do no harm.
    """
    before = dict(zip(scores["deal_id"].to_pylist(), scores[COLUMN].to_pylist(), strict=True))
    found: dict[str, list[NextStep]] = {}
    for step in STEPS:
        for deal, after in _after(model, step, features, copies):
            if deal in before and before[deal] - after >= LEAST_GAIN:
                told = NextStep(step.key, before[deal], after, step.ja, step.en)
                found.setdefault(deal, []).append(told)
    return {deal: tuple(sorted(told, key=lambda s: s.after)) for deal, told in found.items()}


def _after(
    model: RiskModel, step: Step, features: pa.Table, copies: pa.Table
) -> list[tuple[str, float]]:
    """Deals that could take ``step``, and the risk of their copies."""
    mine = copies.filter(pc.ends_with(copies["deal_id"], step.mark))
    names = pc.utf8_slice_codeunits(mine["deal_id"], 0, -len(step.mark)).combine_chunks()
    originals = features.take(pc.index_in(names, value_set=features["deal_id"].combine_chunks()))
    for spec in model.recipe.specs:
        if spec.group in HELD:
            mine = _with(mine, spec.name, originals[spec.name])
    fresh = ~_taken(step, originals)
    mine, names = mine.filter(pa.array(fresh)), names.filter(pa.array(fresh))
    landmarks = inputs.arrange(model.recipe, _with(mine, "deal_id", names))
    risks = model.hazards.incidence(landmarks.landmarks)[:, _PLACE[0], _PLACE[1]]
    return list(zip(landmarks.keys["deal_id"].to_pylist(), risks.tolist(), strict=True))


def _taken(step: Step, features: pa.Table) -> Bools:
    name, says = step.taken
    if name not in features.column_names:
        return np.zeros(len(features), dtype=bool)
    return says(features[name].to_numpy())


def local(at: datetime, zone: str) -> datetime:
    """The instant in the team's time zone."""
    return at.astimezone(ZoneInfo(zone))
