"""In which order a model lists deals: which window of its risk is sorted by.

Which window is best depends on how deals break off (a fixed time-out, a slow fading), so it is
chosen on the training log, as the rules' thresholds are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.arrays import Floats
from tsunagu.analytics.evaluation.early_warning import LEADS_DAYS, VOLUMES, alerts, quotas, top
from tsunagu.analytics.evaluation.labels import Landmarks, in_order, label
from tsunagu.analytics.evaluation.splitting import default_cut, snapshots_after
from tsunagu.analytics.risk.window import DEFAULT_WINDOW, Window, window_for

_INNER_SHARE = 0.7

LEAST_BREAK_OFFS = 30
"""With fewer deals that broke off late enough to be warned of, no window is chosen."""


WINDOWS: tuple[Window, ...] = (
    DEFAULT_WINDOW,
    *(Window(until, after) for after, until in combinations((0, *HORIZONS_DAYS), 2)),
)
"""Every window between two horizons; of equally good ones the first is taken."""


class Scorer(Protocol):
    """Anything fitted that gives a score table."""

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Columns of :func:`tsunagu.analytics.contracts.score_schema`."""


def best_windows(log: EventLog, fit: Callable[[EventLog], Scorer]) -> dict[int, Window]:
    """By days of warning, the window whose list warned of most deals so long before.

    The training log is itself split in time: a model is fitted on its first part, and each
    window's list is judged on the rest, by the mean share warned of over the alert volumes.  Where
    too few deals broke off so late that they could have been warned of, the window of the next
    shorter warning stands.

    Args:
        log: the training log; nothing after its ``observed_until`` is known.
        fit: fits the inner model on a log.
    """
    try:
        cut = default_cut(log, _INNER_SHARE)
        landmarks = label(log, snapshots := snapshots_after(log, cut))
        if not (leads := _judged(landmarks)):
            return {}
        model = fit(log.until(cut))
    except NotEnoughHistoryError:
        return {}
    scores = in_order(model.score(log, snapshots))
    risks = {window: window.risk(scores) for window in WINDOWS}

    def best(lead: int) -> Window:
        return max(WINDOWS, key=lambda window: mean_warned(landmarks, risks[window], lead))

    return {lead: best(lead) for lead in leads}


def best_window(log: EventLog, fit: Callable[[EventLog], Scorer]) -> Window:
    """That of :func:`best_windows` for the shortest warning, or the default."""
    return window_for(best_windows(log, fit), LEADS_DAYS[0])


def _judged(landmarks: Landmarks) -> list[int]:
    """Leads by which enough of the deals that broke off could have been warned of."""
    everyone = alerts(landmarks, np.ones(len(landmarks), dtype=bool), 0)
    return [lead for lead in LEADS_DAYS if (everyone.lead >= lead).sum() >= LEAST_BREAK_OFFS]


def mean_warned(landmarks: Landmarks, risk: Floats, lead: int = LEADS_DAYS[0]) -> float:
    """Share warned of ``lead`` days before by lists ordered by ``risk``, on average over the alert
    volumes.
    """
    once = np.ones(len(landmarks.deal_ids))
    lists = [top(landmarks, risk, quotas(landmarks.at, volume)) for volume in VOLUMES]
    return float(np.mean([alerts(landmarks, x, 0).warned(lead, once) for x in lists]))


@dataclass(frozen=True)
class InWindow:
    """A fitted model that lists deals by their risk in a window."""

    model: Scorer
    window: Window

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Cumulative incidences, one row a snapshot, ordered by ``at``, ``deal_id``."""
        return in_order(self.model.score(log, snapshots))

    def rank(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """``deal_id, at, score``: the risk of breaking off in the window."""
        scores = self.score(log, snapshots)
        keys = scores.select(["deal_id", "at"])
        return keys.append_column("score", pa.array(self.window.risk(scores)))
