"""Time: how long the deal lasts, and how its steps follow each other."""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.outcomes.arrays import DAY, Floats, Ints
from tsunagu.analytics.outcomes.sequences import Grouped
from tsunagu.analytics.outcomes.view import Columns, View

_RECENT = 32
_WINDOWS_DAYS = (1 / 24, 1.0, 7.0, 30.0)
_QUANTILES = (0.25, 0.5, 0.75, 0.9)
_ROUNDING = 1e-6
_ROWS_AT_ONCE = 50_000


def length(view: View) -> Columns:
    """Age, silence, number of steps, and how they are spread."""
    m = view.moments
    age = m.at - view.sequences.created[m.deal]
    silence = view.since(np.where(view.some, m.last, -1))
    columns: dict[str, Floats] = {"age": age, "silence": silence, "steps": m.length.astype(float)}
    columns["steps_a_day"] = m.length / (np.maximum(age, DAY / 24) / DAY)
    columns["silence_of_age"] = silence / np.maximum(age, 60.0)
    for days in _WINDOWS_DAYS:
        columns[f"steps_in_{days:.2g}_days"] = _within(view, days)
    for back in (1, 2, 4, 9):
        columns[f"since_{back}_before"] = view.since(_back(view, back))
    return columns


def _back(view: View, steps: int) -> Ints:
    place = view.moments.last - steps
    return np.where(place >= view.moments.first, place, -1)


def _within(view: View, days: float) -> Floats:
    """Steps in the days before the moment."""
    s, m = view.sequences, view.moments
    return Grouped(s.deal, s.at).count(m.deal, m.at, days).astype(np.float64)


def gaps(view: View) -> Columns:
    """Mean, spread and quantiles of the time between steps; the last of them."""
    log_gap = np.log1p(view.gap)
    count = np.maximum(view.moments.length - 1, 1)
    mean = view.total(log_gap) / count
    spread = view.total(log_gap**2) / count - mean**2
    spread = np.where(spread > _ROUNDING, spread, 0.0)  # else noise of sums would be a feature
    columns = {"gap_mean": mean, "gap_spread": np.sqrt(spread)}
    columns |= {f"gap_{back}": view.at_last(view.gap, back) for back in range(4)}
    columns["nights"] = view.total(view.gap > DAY / 3)
    columns["longest_gap"] = _longest(view)
    for name, found in zip(_QUANTILES, _quantiles(view), strict=True):
        columns[f"gap_q{name:.2g}"] = found
    return columns


def _longest(view: View) -> Floats:
    """Longest gap so far: a running maximum that starts again with each deal."""
    s = view.sequences
    high = float(view.gap.max(initial=0.0)) + 1.0
    running = np.maximum.accumulate(view.gap + s.deal * high) - s.deal * high
    return view.at_last(running)


def _quantiles(view: View) -> Floats:
    """(q, n) quantiles of the deal's latest gaps, :data:`_RECENT` at most."""
    found = np.full((len(_QUANTILES), len(view.moments)), np.nan)
    for start in range(0, len(view.moments), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        last, first = view.moments.last[rows], view.moments.first[rows]
        place = last[:, None] - np.arange(_RECENT)
        known = place > first[:, None]
        gap = np.sort(np.where(known, view.gap[np.maximum(place, 0)], np.inf), axis=1)
        count = known.sum(axis=1)
        for i, q in enumerate(_QUANTILES):
            nth = np.minimum((q * count).astype(np.int64), np.maximum(count - 1, 0))
            value = gap[np.arange(len(gap)), nth]
            found[i, rows] = np.where(count > 0, value, np.nan)
    return found
