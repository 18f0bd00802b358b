"""What is learned from a log before any feature is computed: words, orders and usual durations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import EventLog, Kind, Outcome
from tsunagu.analytics.features.clock import DAY, micros
from tsunagu.analytics.features.materialising import materialise

MOST_STEPS = 30
MOST_LEVELS = 50
DECILES = tuple(i / 10 for i in range(11))


@dataclass(frozen=True)
class Learned:
    """Learned from one log.

    Attributes:
        kinds: kinds of events that occur, outcomes apart.
        directions: directions that occur.
        stages: stage names in the order of the process.
        steps: the most frequent named activities.
        levels: for each text attribute its most frequent values.
        numbers: names of the numeric and boolean attributes.
        stays: per stage, the deciles (0 to 100%) of all completed stays, in days.
        won_stays: per stage, the median stay of won deals, in days.
        time_zone: the team's calendar.
    """

    kinds: tuple[str, ...]
    directions: tuple[str, ...]
    stages: tuple[str, ...]
    steps: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    numbers: tuple[str, ...]
    stays: Mapping[str, tuple[float, ...]]
    won_stays: Mapping[str, float]
    time_zone: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {**vars(self), "levels": dict(self.levels), "stays": dict(self.stays)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Learned:
        """The inverse of :meth:`to_dict`, also after a trip through JSON."""
        listed = {k: tuple(v) for k, v in data.items() if isinstance(v, list | tuple)}
        nested = {
            key: {name: tuple(values) for name, values in data[key].items()}
            for key in ("levels", "stays")
        }
        return cls(**{**data, **listed, **nested})


def learn(log: EventLog) -> Learned:
    """Learn from every event of ``log`` up to ``log.observed_until``."""
    seen = log.events.filter(log.events.at <= log.observed_until)
    text, numbers = _attributes(log)
    stays = materialise(_stays(log, seen))
    return Learned(
        kinds=_distinct(seen.filter(seen.kind != Kind.OUTCOME.value), "kind"),
        directions=_distinct(seen.filter(seen.direction.notnull()), "direction"),
        stages=_stage_order(log, seen),
        steps=_frequent(seen.filter(seen.kind == Kind.ACTIVITY.value), "value", MOST_STEPS),
        levels={name: _frequent(log.deals, name, MOST_LEVELS) for name in text},
        numbers=numbers,
        stays=_deciles(stays),
        won_stays=_won_medians(stays),
        time_zone=log.time_zone,
    )


def _distinct(table: ir.Table, column: str) -> tuple[str, ...]:
    return tuple(sorted(table.select(column).distinct().to_pyarrow()[column].to_pylist()))


def _frequent(table: ir.Table, column: str, most: int) -> tuple[str, ...]:
    """The most frequent values, ties by name, so that row order plays no part."""
    present = table.filter(table[column].notnull())
    counts = present.group_by(value=present[column]).agg(n=present.count())
    rows = counts.order_by(ibis.desc("n"), "value").limit(most)
    return tuple(rows.to_pyarrow()["value"].to_pylist())


def _attributes(log: EventLog) -> tuple[tuple[str, ...], tuple[str, ...]]:
    types = {name: log.deals[name].type() for name in log.attributes}
    text = tuple(name for name, kind in types.items() if kind.is_string())
    numbers = tuple(n for n, kind in types.items() if kind.is_numeric() or kind.is_boolean())
    return text, numbers


def _stage_order(log: EventLog, seen: ir.Table) -> tuple[str, ...]:
    """The process's own order, then stages it does not name by where deals first enter them."""
    entries = _entries(seen)
    first = entries.group_by("deal_id", "stage").agg(nth=entries.nth.min())
    places = first.group_by("stage").agg(place=first.nth.cast("float64").median())
    found = places.order_by("place", "stage").to_pyarrow()["stage"].to_pylist()
    return (*log.stages, *(stage for stage in found if stage not in log.stages))


def _entries(seen: ir.Table) -> ir.Table:
    """``deal_id, stage, at, nth``: the moments at which a deal entered another stage."""
    stages = seen.filter(seen.kind == Kind.STAGE.value, seen.value.notnull())
    stages = stages.select("deal_id", stage="value", at=micros(stages.at))
    order = ibis.window(group_by=stages.deal_id, order_by=stages.at)
    marked = stages.mutate(before=stages.stage.lag().over(order))
    moves = marked.filter(marked.before.isnull() | (marked.before != marked.stage))
    order = ibis.window(group_by=moves.deal_id, order_by=moves.at)
    return moves.select("deal_id", "stage", "at", nth=ibis.row_number().over(order))


def _stays(log: EventLog, seen: ir.Table) -> ir.Table:
    """``deal_id, stage, days`` of each completed stay: ended by a move or by the deal's end."""
    entries = _entries(seen)
    order = ibis.window(group_by=entries.deal_id, order_by=entries.at)
    moves = entries.mutate(following=entries.at.lead().over(order))
    ends = log.outcomes()
    ends = ends.select("deal_id", outcome="outcome", end=micros(ends.ended_at))
    rows = moves.left_join(ends, "deal_id")
    left = ibis.least(
        ibis.coalesce(rows.following, rows.end), ibis.coalesce(rows.end, rows.following)
    )
    stays = rows.select("deal_id", "stage", "outcome", stay=(left - rows.at).cast("float64") / DAY)
    return stays.filter(stays.stay >= 0)


def _deciles(stays: ir.Table) -> dict[str, tuple[float, ...]]:
    columns = {f"q{i}": stays.stay.quantile(q) for i, q in enumerate(DECILES)}
    rows = stays.group_by("stage").agg(**columns).order_by("stage").to_pyarrow().to_pylist()
    return {row["stage"]: tuple(row[name] for name in columns) for row in rows}


def _won_medians(stays: ir.Table) -> dict[str, float]:
    won = stays.filter(stays.outcome == Outcome.WON.value)
    rows = won.group_by("stage").agg(median=won.stay.median()).order_by("stage")
    return {row["stage"]: row["median"] for row in rows.to_pyarrow().to_pylist()}
