"""What any analyst would know of a deal at a landmark: counts, clocks, stage, attributes.

Nothing here comes from Tsunagu's features: it is the table that rivals learn from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog
from tsunagu.analytics.evaluation.labels import Landmarks, label
from tsunagu.analytics.features.snapshots import weekly

LAST_DAY = max(HORIZONS_DAYS)
"""Landmarks are followed so long: what happens later is nobody's forecast."""

_MOST_TYPES, _MOST_LEVELS = 40, 12

_EVENTS = """
create table seen as
select deal_id, epoch_us("at") as us, kind, direction,
       kind || coalesce(' ' || direction, '')
            || case when kind in ('stage', 'activity') then ' ' || coalesce(value, '') else '' end
       as type
from events where kind not in ('outcome', 'amount', 'owner')
"""
_ROWS = """
with asked as (select deal_id, "at", epoch_us("at") as now from snapshots),
born as (select *, epoch_us(created_at) as born from deals)
select a.deal_id, a."at", (now - any_value(born)) / 864e8 as age, count(e.us) as events, {columns}
from asked a join born d using (deal_id)
left join seen e on e.deal_id = a.deal_id and e.us <= now
group by a.deal_id, a."at", now order by a."at", a.deal_id
"""
_SINCE = {
    "any": "true",
    "out": "direction in ('out', 'both')",
    "in": "direction in ('in', 'both')",
    "stage": "kind = 'stage'",
}


@dataclass(frozen=True, eq=False)
class Frame:
    """Builds the table of landmarks with the types and levels that the training log knew."""

    types: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    numbers: tuple[str, ...]

    @classmethod
    def fit(cls, log: EventLog) -> Frame:
        """Learn which types of event and which levels of text are common in ``log``."""
        con = _loaded(log)
        types = _commonest(con, "type", "seen", _MOST_TYPES)
        texts = ["owner_id", *(n for n in log.attributes if log.deals[n].type().is_string())]
        levels = {n: _commonest(con, f'"{n}"', "deals", _MOST_LEVELS) for n in texts}
        numbers = tuple(n for n in log.attributes if log.deals[n].type().is_numeric())
        return cls(types, {n: found for n, found in levels.items() if len(found) > 1}, numbers)

    def table(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Covariates at each snapshot, ordered by ``at``, then ``deal_id``; no nulls.

        Nothing after a snapshot's ``at`` enters its row.  Days since what never happened count
        from the deal's creation.
        """
        con = _loaded(log)
        con.register("snapshots", snapshots.select("deal_id", "at").to_pyarrow())
        return con.execute(_ROWS.format(columns=", ".join(self._columns()))).to_arrow_table()

    def _columns(self) -> Iterator[str]:
        for name, what in _SINCE.items():
            last = f"coalesce(max(us) filter ({what}), any_value(born))"
            yield f"(now - {last}) / 864e8 as since_{name}"
        for i, name in enumerate(self.types):
            yield f"count(*) filter (type = {_quoted(name)}) as n_{i}"
        last = "arg_max(type, us) filter (kind = 'stage')"
        for i, name in enumerate(self.types):
            if name.startswith("stage "):
                yield f"coalesce({last} = {_quoted(name)}, false)::int as stage_{i}"
        for column, levels in self.levels.items():
            for i, level in enumerate(levels):
                told = f'any_value(d."{column}") = {_quoted(level)}'
                yield f'coalesce({told}, false)::int as "{column}_{i}"'
        for column in self.numbers:
            yield f'coalesce(any_value(d."{column}"), 0)::double as "{column}"'


def training_table(frame: Frame, log: EventLog) -> pa.Table:
    """Covariates at every week of a training log, and what became of the deal in 90 days.

    Columns ``days``, ``event`` (1 broken off, 2 ended otherwise, 0 neither by then).
    """
    snapshots = weekly(log).cache()
    days, event = followed(label(log, snapshots))
    table = frame.table(log, snapshots)
    return table.append_column("days", pa.array(days)).append_column("event", pa.array(event))


def followed(landmarks: Landmarks) -> tuple[np.ndarray, np.ndarray]:
    """Days and event (0, 1, 2) of each landmark, followed for :data:`LAST_DAY` days."""
    days, event = landmarks.labels.days, landmarks.labels.event
    beyond = days > LAST_DAY
    return np.minimum(days, LAST_DAY), np.where(beyond, 0, np.minimum(event, 2))


def _loaded(log: EventLog) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.register("events", log.events.filter(log.events.at <= log.observed_until).to_pyarrow())
    con.register("deals", log.deals.to_pyarrow())
    con.execute(_EVENTS)
    return con


def _commonest(
    con: duckdb.DuckDBPyConnection, column: str, table: str, most: int
) -> tuple[str, ...]:
    sql = f"select {column} from {table} where {column} is not null group by 1"
    rows = con.execute(f"{sql} order by count(*) desc, 1 limit {most}").fetchall()
    return tuple(name for (name,) in rows)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
