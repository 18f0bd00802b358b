"""What a fit reads from a log: weekly landmarks, their features and labels, and its description."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from tsunagu.analytics.backends.instants import in_utc
from tsunagu.analytics.contracts import EventLog, Outcome
from tsunagu.analytics.features import FittedFeatures, fit_features, weekly
from tsunagu.analytics.features.materialising import materialise
from tsunagu.analytics.risk import inputs, sampling, training
from tsunagu.analytics.risk.settings import Settings


@dataclass(frozen=True)
class Dataset:
    """Everything that is learned from.

    Attributes:
        recipe: the features, fitted on the log as it stood before the weighing.
        snapshots: the weekly landmarks, or a sample of them.
        history: their labels.
        plan: what the history allows.
        known: what is known of all landmarks.
    """

    recipe: FittedFeatures
    snapshots: inputs.Snapshots
    history: training.History
    plan: training.Plan
    known: training.Ends

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the features that are codes of categories."""
        return tuple(i for i, spec in enumerate(self.recipe.specs) if spec.categorical)


def prepare(log: EventLog, settings: Settings) -> Dataset:
    """Read ``log``'s landmarks; decide on the slices before any feature is fitted."""
    landmarks = materialise(weekly(log))
    plan = training.plan(known := inputs.ends(log, landmarks), settings)
    cut = datetime.fromtimestamp(plan.weigh, tz=UTC)
    recipe = fit_features(log.until(cut))
    if settings.share >= 1:
        snapshots = inputs.read(recipe, log, landmarks)
        return Dataset(recipe, snapshots, inputs.history(log, snapshots.keys), plan, known)
    kept = sampling.sample(log, landmarks, sampling.shares(log, landmarks, settings.share))
    snapshots = inputs.read(recipe, log, kept.drop("weight"))
    weight = inputs.in_order(kept.to_pyarrow())["weight"].to_numpy()
    history = replace(inputs.history(log, snapshots.keys), weight=weight)
    return Dataset(recipe, snapshots, history, plan, known)


def describe(log: EventLog) -> dict[str, Any]:
    """``deals``, ``outcomes``, ``first_event`` and ``fingerprint`` of a summary."""
    deals = log.deals.select("deal_id", "created_at").order_by("deal_id").to_pyarrow()
    ends = log.outcomes().select("deal_id", "outcome", "ended_at").order_by("deal_id").to_pyarrow()
    seen = log.events.filter(log.events.at <= log.observed_until)
    events = seen.group_by("deal_id").agg(events=seen.count(), last=seen.at.max())
    counts = {row["values"]: row["counts"] for row in ends["outcome"].value_counts().to_pylist()}
    first = min(deals["created_at"].to_pylist(), default=None)
    return {
        "deals": len(deals),
        "outcomes": {outcome.value: counts.get(outcome.value, 0) for outcome in Outcome},
        "first_event": None if first is None else in_utc(first),
        "fingerprint": _fingerprint(deals, ends, events.order_by("deal_id").to_pyarrow()),
    }


def _fingerprint(*tables: pa.Table) -> str:
    digest = hashlib.sha256()
    for table in tables:
        for column in table.columns:
            whole = column.combine_chunks()
            if pa.types.is_string(whole.type):
                digest.update("\n".join(whole.to_pylist()).encode())
            else:
                digest.update(whole.cast(pa.int64()).to_numpy().tobytes())
    return digest.hexdigest()
