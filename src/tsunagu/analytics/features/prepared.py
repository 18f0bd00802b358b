"""Features compiled once and computed many times, for the few deals that just changed.

Building the expressions and compiling them takes a second; the statements that come of it take
some thousandths, on an engine made for few rows.  They are recorded from the same expressions: it
is the same definition of every feature on another engine, as it is on Spark.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.backends import SmallEngine
from tsunagu.analytics.contracts import EVENT_SCHEMA, EventLog
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.features.clock import in_micros
from tsunagu.analytics.features.materialising import Recording, recording
from tsunagu.analytics.features.recipe import FittedFeatures
from tsunagu.analytics.features.timeline import Bounds

MOST_EVENTS = 50_000
"""Of a call: from so many on a statement made for it is quicker, on the engine for many rows."""

SNAPSHOT_SCHEMA = pa.schema([("deal_id", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])

_EMPTY = {"events": EVENT_SCHEMA, "snapshots": SNAPSHOT_SCHEMA}


@dataclass(frozen=True)
class PreparedFeatures:
    """A recipe as statements.

    Attributes:
        names: the features, in the order of the columns.
        first: no snapshot is before it.
        last: nor after it; no event is later either.
    """

    names: tuple[str, ...]
    first: datetime
    last: datetime
    _engine: SmallEngine
    _recording: Recording
    _final: str
    _schema: pa.Schema

    @classmethod
    def of(
        cls,
        recipe: FittedFeatures,
        deal_schema: pa.Schema,
        first: datetime,
        last: datetime,
        time_zone: str = "Asia/Tokyo",
    ) -> PreparedFeatures:
        """Compile ``recipe`` on the embedded engine.

        Args:
            recipe: what to compute.
            deal_schema: of the deals that will be handed in: the contract's columns, attributes.
            first: no snapshot will be before it.
            last: no snapshot and no event will be after it.
            time_zone: the team's.
        """
        engine = SmallEngine()
        schemas = _EMPTY | {"deals": deal_schema}
        empty = {n: engine.create(n, ibis.Schema.from_pyarrow(s)) for n, s in schemas.items()}
        log = EventLog(empty["events"], empty["deals"], last, time_zone)
        bounds = Bounds((in_micros(first), in_micros(last)), MOST_EVENTS)
        with recording(engine) as made:
            table = recipe.transform(log, empty["snapshots"], bounds)
            final = made.compile(table)
        schema = table.schema().to_pyarrow()
        prepared = cls(recipe.names, first, last, engine, made, final, schema)
        # Once with nothing: a statement that the engine would refuse shows here.
        prepared.transform(*(schemas[n].empty_table() for n in ("events", "deals", "snapshots")))
        return prepared

    @property
    def most_events(self) -> int:
        """Of how many events a log may consist."""
        return MOST_EVENTS

    def transform(self, events: pa.Table, deals: pa.Table, snapshots: pa.Table) -> pa.Table:
        """What :meth:`FittedFeatures.transform` gives for a log of these tables.

        Args:
            events: columns of :data:`EVENT_SCHEMA`.
            deals: the columns announced.
            snapshots: ``deal_id, at``, of deals of the log; each deal once.

        Raises:
            TsunaguError: if there are more than :attr:`most_events` events, or a snapshot is
                outside of the time prepared for.
        """
        self._check(events, snapshots)
        with self._engine.alone:
            for name, table in (("events", events), ("deals", deals), ("snapshots", snapshots)):
                self._engine.put(name, table)
            for statement in self._recording.statements:
                self._engine.run(statement)
            return self._engine.ask(self._final, self._schema)

    def _check(self, events: pa.Table, snapshots: pa.Table) -> None:
        if len(events) > MOST_EVENTS:
            raise TsunaguError(
                f"{len(events):,} events are too many to be looked at in one go.",
                remedy=f"Hand in at most {MOST_EVENTS:,}, or use FittedFeatures.transform.",
            )
        seen = pc.min_max(snapshots["at"]).as_py()
        if len(snapshots) and not self.first <= seen["min"] <= seen["max"] <= self.last:
            raise TsunaguError(
                f"Snapshots between {seen['min']} and {seen['max']} were not prepared for.",
                remedy=f"Prepared is {self.first} to {self.last}; prepare anew.",
            )
