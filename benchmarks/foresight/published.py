"""The encodings that the field's outcome benchmark found strongest, written again.

Teinemaa, Dumas, La Rosa, Maggi: Outcome-Oriented Predictive Process Monitoring: Review and
Benchmark, ACM TKDD 13(2), 2019 (arXiv 1707.06766), section 4.3, with the columns that the authors
give each event of BPI Challenge 2012: activity, resource and lifecycle (rare ones pooled), minutes
since midnight, since the event before and since the start, number of the event, month, weekday,
hour and open cases; and the case's amount.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.outcomes.arrays import Floats, Ints, Singles
from tsunagu.analytics.outcomes.sequences import Moments, Sequences

LEAST_SEEN = 10
"""The authors pool a category's levels that occur less often."""


@dataclass(frozen=True)
class Columns:
    """What the benchmark knows of each event.

    Attributes:
        numbers: (e, 8) of the event.
        levels: (e,) code of the event's level, for each category.
        static: (d,) of the case.
    """

    numbers: Floats
    levels: tuple[Ints, ...]
    static: Floats


def columns(s: Sequences, static: str) -> Columns:
    """The benchmark's columns of every event of ``s``, ``static`` the attribute with the amount."""
    activity = pc.replace_substring_regex(s.step, "^[^:]*:[^:]*:", "")
    lifecycle = pc.replace_substring_regex(activity, r"^.*\+", "")
    levels = tuple(_levels(values) for values in (activity, s.actor, lifecycle))
    amount = s.attributes[static].cast(pa.float64()).fill_null(0.0).to_numpy()
    return Columns(_numbers(s), levels, amount)


def _levels(values: pa.Array) -> Ints:
    found = values.fill_null("missing").dictionary_encode()
    code = found.indices.to_numpy().astype(np.int64)
    frequent = np.bincount(code) >= LEAST_SEEN
    return np.where(frequent, np.cumsum(frequent), 0)[code]


def _numbers(s: Sequences) -> Floats:
    local = pa.array((s.at * 1e6).round().astype(np.int64)).cast(pa.timestamp("us", tz="UTC"))
    local = local.cast(pa.timestamp("us", tz=s.time_zone))
    month, weekday, hour, minute = (
        part(local).to_numpy().astype(np.float64)
        for part in (pc.month, pc.day_of_week, pc.hour, pc.minute)
    )
    begun = s.at[s.start[:-1]]
    since_start = (s.at - begun[s.deal]) / 60
    since_last = np.where(since_start > 0, np.diff(s.at, prepend=s.at[:1]) / 60, 0.0)
    number = np.arange(len(s.at)) - s.start[s.deal] + 1.0
    midnight = hour * 60 + minute
    return np.column_stack(
        [midnight, since_last, since_start, number, month, weekday, hour, _open_cases(s)]
    )


def _open_cases(s: Sequences) -> Floats:
    """Begun at the event's time and not yet at their last event, as the authors count."""
    begun, ended = np.sort(s.at[s.start[:-1]]), np.sort(s.at[s.start[1:] - 1])
    found = np.searchsorted(begun, s.at, "right") - np.searchsorted(ended, s.at, "right")
    return found.astype(np.float64)


def aggregation(found: Columns, m: Moments) -> Singles:
    """How often each level occurred; mean, greatest, least, sum and spread of each number."""
    parts = [_prefix_sums(level == code, m) for level in found.levels for code in _codes(level)]
    count = m.length
    for values in found.numbers.T:
        total, squares = _prefix_sums(values, m), _prefix_sums(values**2, m)
        spread = np.maximum(squares - total**2 / count, 0.0) / np.maximum(count - 1, 1)
        high, low = _running(values, m), -_running(-values, m)
        parts += [total / count, high, low, total, np.sqrt(spread)]
    return _matrix([found.static[m.deal], *parts])


def last_state(found: Columns, m: Moments) -> Singles:
    """The latest event's levels and numbers."""
    parts = [(level == c)[m.last] for level in found.levels for c in _codes(level)]
    return _matrix([found.static[m.deal], *parts, *found.numbers[m.last].T])


def _codes(level: Ints) -> Ints:
    return np.unique(level)


def _prefix_sums(values: Floats, m: Moments) -> Floats:
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    found: Floats = running[m.last + 1] - running[m.first]
    return found


def _running(values: Floats, m: Moments) -> Floats:
    """Greatest value of the prefix; a deal's number keeps the running maximum within the deal."""
    first = np.zeros(len(values), dtype=np.int64)
    first[np.unique(m.first)[1:]] = 1
    group = np.cumsum(first)
    step = float(np.ptp(values)) + 1.0
    lifted = np.maximum.accumulate(values - values.min() + group * step) - group * step
    found: Floats = lifted[m.last] + values.min()
    return found


def _matrix(parts: list[Floats]) -> Singles:
    matrix = np.empty((len(parts[0]), len(parts)), dtype=np.float32)
    for place, part in enumerate(parts):
        matrix[:, place] = part
    return matrix
