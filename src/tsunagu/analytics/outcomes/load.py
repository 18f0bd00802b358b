"""The other deals: how many begin and end, how much is being done, and batches."""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.outcomes.arrays import DAY, Floats, Ints
from tsunagu.analytics.outcomes.sequences import Grouped
from tsunagu.analytics.outcomes.view import Columns, View

_WINDOWS = (1 / 24, 1.0, 7.0)


def load(view: View) -> Columns:
    """Deals begun and decided lately; steps of all deals, and of the latest one's kind."""
    s, m, at = view.sequences, view.moments, view.moments.at
    decided = np.sort(view.decisions.at[view.decisions.answer >= 0])
    born, step_times = np.sort(s.created), np.sort(s.at)
    columns: dict[str, Floats | Ints] = {}
    for days in (1.0, 7.0, 30.0):
        columns[f"born_{days:.0f}"] = within(born, at, days)
        columns[f"decided_{days:.0f}"] = within(decided, at, days)
    kind = Grouped(view.step, s.at)
    last = np.where(view.some, view.step[np.maximum(m.last, 0)], -1)
    for days in _WINDOWS:
        every, alike = within(step_times, at, days), kind.count(last, at, days)
        columns[f"all_steps_{days:.2g}"] = every
        columns[f"like_steps_{days:.2g}"] = alike
        columns[f"like_share_{days:.2g}"] = alike / np.maximum(every, 1)
    return columns


def upto(times: Floats, at: Floats) -> Floats:
    """(n,) how many of the sorted ``times`` stand at or before each moment."""
    return np.searchsorted(times, at, side="right").astype(np.float64)


def within(times: Floats, at: Floats, days: float) -> Floats:
    """(n,) how many of the sorted ``times`` stand in the ``days`` up to each moment."""
    return upto(times, at) - upto(times, at - days * DAY)
