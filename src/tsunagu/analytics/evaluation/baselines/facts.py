"""What the rules look at: a few of the model's own features, as of each snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import CONTACT_KINDS, EventLog, Kind
from tsunagu.analytics.evaluation.arrays import Floats, Integers
from tsunagu.analytics.evaluation.labels import in_order
from tsunagu.analytics.features.learned import Learned, learn
from tsunagu.analytics.features.recipe import FittedFeatures, candidates

NO_STAGE = -1
UPDATE_KINDS: frozenset[Kind] = CONTACT_KINDS | {Kind.NOTE, Kind.ACTIVITY}
"""Done activities, notes, files and mails.  Plans, stage moves and edits are no update."""

_AGE, _STAGE, _STAY = "days_since_created", "stage", "days_in_stage"
_SILENCE, _CLOSE, _CONTACTS = "days_since_inbound", "days_to_close_date", "contacts_known"


@dataclass(frozen=True)
class Facts:
    """Columns of n snapshots, ordered by ``at``, then ``deal_id``.

    Attributes:
        keys: the columns ``deal_id, at``.
        stage: (n,) number of the stage in the process, :data:`NO_STAGE` if none or not known.
        days_in_stage: (n,) days since the stage was entered; before the first, since creation.
        days_since_update: (n,) days since the last of :data:`UPDATE_KINDS`, else since creation.
        silence: (n,) days since the customer last spoke, else since creation; None: never recorded.
        days_to_close: (n,) NaN where not known; None: never recorded.
        contacts: (n,) people known at the customer; None: never recorded.
    """

    keys: pa.Table
    stage: Integers
    days_in_stage: Floats
    days_since_update: Floats
    silence: Floats | None
    days_to_close: Floats | None
    contacts: Floats | None

    def answer(self, score: Floats, **more: pa.Array) -> pa.Table:
        """The answer of ``FittedPredictor.rank``."""
        table = self.keys.append_column("score", pa.array(score, pa.float64()))
        for name, column in more.items():
            table = table.append_column(name, column)
        return table


@dataclass(frozen=True)
class FactReader:
    """Reads :class:`Facts`, with the stages and kinds of event that the training log knew."""

    learned: Learned

    @classmethod
    def fit(cls, log: EventLog) -> FactReader:
        """Learn the names of ``log``."""
        return cls(learn(log))

    def read(self, log: EventLog, snapshots: ir.Table) -> Facts:
        """The facts of ``log`` as of each snapshot; nothing later enters them."""
        known = {feature.spec.name for feature in candidates(self.learned)}
        names = [n for n in (_AGE, _STAGE, _STAY, _SILENCE, _CLOSE, _CONTACTS) if n in known]
        table = self._features(log, snapshots, names)
        age = _floats(table, _AGE)
        stage = table[_STAGE].to_numpy() if _STAGE in names else np.full(len(age), NO_STAGE)
        return Facts(
            keys=table.select(["deal_id", "at"]),
            stage=stage.astype(np.int64),
            days_in_stage=_else(_floats(table, _STAY), age) if _STAY in names else age,
            days_since_update=_else(self._update(log, snapshots), age),
            silence=_else(_floats(table, _SILENCE), age) if _SILENCE in names else None,
            days_to_close=_floats(table, _CLOSE) if _CLOSE in names else None,
            contacts=_else(_floats(table, _CONTACTS), np.zeros(len(age)))
            if _CONTACTS in names
            else None,
        )

    def _update(self, log: EventLog, snapshots: ir.Table) -> Floats:
        """Days since any event of a log that holds nothing but updates."""
        kinds = [kind.value for kind in UPDATE_KINDS]
        updates = replace(log, events=log.events.filter(log.events.kind.isin(kinds)))
        return _floats(self._features(updates, snapshots, ["days_since_any"]), "days_since_any")

    def _features(self, log: EventLog, snapshots: ir.Table, names: list[str]) -> pa.Table:
        fitted = FittedFeatures(self.learned, tuple(names))
        return in_order(fitted.transform(log, snapshots).to_pyarrow())


def _floats(table: pa.Table, name: str) -> Floats:
    """With NaN for null."""
    column = table[name].cast(pa.float64()).fill_null(float("nan"))
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _else(values: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(values), otherwise, values)
