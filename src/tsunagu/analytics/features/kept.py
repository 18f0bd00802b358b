"""What is kept of deals from one day to the next, so that only what changed is read again.

While nothing happens to a deal, most of what is known of it stands still: what was said last and
when, how often ever, the stage and since when.  What moves is the day itself, the counts of the
last days as events grow old, the load of the deal's owner, and the attributes that somebody puts
right.  So the standing facts are kept, and the features of a later day follow from them and from
the events of the last :data:`RECENT` days: the same features, to the bit, as from everything.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features.counting import SPANS
from tsunagu.analytics.features.recipe import FittedFeatures
from tsunagu.analytics.features.timeline import Timeline

RECENT = timedelta(days=max(SPANS))
"""Events of at least so many days back are needed beside what is kept."""

_OWNER = "owner__code"
_NAMED = "owner_id"
_AT, _RECIPE = "at", "recipe"


@dataclass(frozen=True)
class KeptFacts:
    """The standing facts of some deals.

    Attributes:
        recipe: the features that they are kept for.
        facts: ``deal_id``, ``owner_id`` (who owned it last) and the facts; a row a deal.
    """

    recipe: FittedFeatures
    facts: pa.Table

    @classmethod
    def of(cls, recipe: FittedFeatures, log: EventLog, snapshots: ir.Table) -> KeptFacts:
        """From whole histories.

        Args:
            recipe: the features.
            log: everything about the deals of the snapshots; other deals play no part.
            snapshots: ``deal_id, at``, each deal once, nothing in the log being later.
        """
        plan = recipe.plan
        kept = replace(plan, sources=tuple(s for s in plan.sources if not s.moves))
        kept = replace(kept, counts=plan.counts - plan.recent, facts=frozenset(plan.standing))
        timeline = kept.prepare(log, snapshots, recipe.learned.steps)
        return cls(recipe, _named(kept.gather(timeline), timeline).to_pyarrow())

    def replaced(self, changed: KeptFacts) -> KeptFacts:
        """With the facts of the deals that changed in the place of what was kept of them."""
        return KeptFacts(
            self.recipe, pa.concat_tables([self.without(changed.facts["deal_id"]), changed.facts])
        )

    def without(self, deal_ids: pa.ChunkedArray) -> pa.Table:
        """The facts of all other deals."""
        return self.facts.filter(pc.invert(pc.is_in(self.facts["deal_id"], value_set=deal_ids)))

    def transform(self, recent: EventLog, snapshots: ir.Table) -> ir.Table:
        """What the recipe's ``transform`` gives, from few events.

        Args:
            recent: the deals of the snapshots, and for the owners' load all deals that these
                owners had in the last days.  Events: those of the last :data:`RECENT` days, and
                all owners and outcomes that tell whose work it was.
            snapshots: ``deal_id, at``, of kept deals, each once, nothing being later.
        """
        steps, plan = self.recipe.learned.steps, self.recipe.plan
        timeline = plan.prepare(recent, snapshots, steps)
        return self.recipe.read(plan.gather_moving(timeline, self._numbered(timeline)), timeline)

    def save(self, file: Path, at: datetime) -> None:
        """Write the facts as of ``at``, replacing an old file only once the new one is complete."""
        said = {_AT: at.isoformat(), _RECIPE: _digest(self.recipe)}
        unfinished = file.with_name(f"{file.name}.part")
        pq.write_table(self.facts.replace_schema_metadata(said), unfinished, compression="zstd")
        unfinished.replace(file)

    @classmethod
    def load(cls, file: Path, recipe: FittedFeatures) -> tuple[KeptFacts, datetime] | None:
        """What :meth:`save` wrote, and as of when; None if it is not there or of another recipe."""
        try:
            facts = pq.read_table(file)
        except (OSError, pa.ArrowInvalid):  # absent, or damaged: it can be made anew
            return None
        said = facts.schema.metadata or {}
        if said.get(_RECIPE.encode()) != _digest(recipe).encode():
            return None
        return cls(recipe, facts), datetime.fromisoformat(said[_AT.encode()].decode())

    def _numbered(self, timeline: Timeline) -> ir.Table:
        """The facts with the timeline's numbers of deals and owners."""
        rows = ibis.memtable(self.facts)
        deals = timeline.deals.select("deal", its="deal_id")
        owners = timeline.owners.select(code="owner", their="owner_id")
        rows = rows.join(deals, [("deal_id", "its")]).left_join(owners, [(_NAMED, "their")])
        facts = [name for name in self.facts.column_names if name not in {"deal_id", _NAMED}]
        return rows.select("deal", *facts, **{_OWNER: "code"})


def _digest(recipe: FittedFeatures) -> str:
    text = json.dumps(recipe.to_dict(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _named(facts: ir.Table, timeline: Timeline) -> ir.Table:
    """With ids in the place of numbers, which are another log's tomorrow."""
    rows = facts.join(timeline.deals.select("deal", "deal_id"), "deal").drop("deal", "at")
    if _OWNER not in facts.columns:
        return rows.mutate(**{_NAMED: ibis.null("string")})
    owners = timeline.owners.select("owner_id", code="owner")
    return rows.left_join(owners, [(_OWNER, "code")]).drop(_OWNER, "code")
