"""Who works on the deal: how many, how often it changes hands, how busy they are."""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.outcomes.arrays import Floats
from tsunagu.analytics.outcomes.sequences import Grouped
from tsunagu.analytics.outcomes.view import Columns, View

_EVER_DAYS = 1e5


def hands(view: View) -> Columns:
    """Different people, changes of hands, and the latest person's share of the steps."""
    actor, size = view.actor, len(view.vocabulary.actors) + 2
    pair = view.sequences.deal * size + actor + 1
    new = np.zeros(len(actor), dtype=bool)
    new[np.unique(pair, return_index=True)[1]] = True
    changed = (actor != np.roll(actor, 1)) & (view.gap > 0)
    last = view.at_last(actor, missing=-1).astype(np.int64)
    mine = view.moments.deal * size + last + 1
    by_last = Grouped(pair, view.sequences.at).count(mine, view.moments.at, _EVER_DAYS)
    return {
        "actor": last,
        "actors": view.total(new & (actor >= 0)),
        "handovers": view.total(changed),
        "actor_share": by_last / np.maximum(view.moments.length, 1),
        "since_handover": view.since(view.latest(changed)),
    }


def busy(view: View) -> Columns:
    """Steps of the latest person in the last hour, day and week, over all deals."""
    last = view.at_last(view.actor, missing=-1).astype(np.int64)
    steps = Grouped(view.actor + 1, view.sequences.at)
    found: dict[str, Floats] = {}
    for days in (1 / 24, 1.0, 7.0):
        count = steps.count(last + 1, view.moments.at, days).astype(np.float64)
        found[f"actor_steps_{days:.2g}_days"] = np.where(last >= 0, count, np.nan)
    return found
