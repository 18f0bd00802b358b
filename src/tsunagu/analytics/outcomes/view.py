"""What every group of features looks at: steps in numbers, moments, and what was decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tsunagu.analytics.outcomes.arrays import Bools, Floats, Ints
from tsunagu.analytics.outcomes.decisions import Decisions
from tsunagu.analytics.outcomes.sequences import Moments, Sequences
from tsunagu.analytics.outcomes.vocabulary import Vocabulary, codes

Columns = Mapping[str, Floats | Ints]
"""Features by name, each (n,); NaN where unknown."""


@dataclass(frozen=True)
class View:
    """The moments of a log, for the features.

    Attributes:
        sequences: the steps.
        moments: where to look.
        vocabulary: the words that are features.
        decisions: the decided deals; a feature uses those decided before its moment only.
    """

    sequences: Sequences
    moments: Moments
    vocabulary: Vocabulary
    decisions: Decisions

    @cached_property
    def step(self) -> Ints:
        """(e,) position of each step in the vocabulary."""
        return codes(self.sequences.step, self.vocabulary.steps)

    @cached_property
    def actor(self) -> Ints:
        """(e,) position of each step's actor in the vocabulary."""
        return codes(self.sequences.actor, self.vocabulary.actors)

    @cached_property
    def gap(self) -> Floats:
        """(e,) seconds since the deal's step before; 0 at its first."""
        at = self.sequences.at
        gap = np.diff(at, prepend=at[:1])
        gap[self._firsts] = 0.0
        return gap

    @cached_property
    def before(self) -> Ints:
        """(e,) the deal's step before, as in :attr:`step`; -1 at its first."""
        before = np.roll(self.step, 1)
        before[self._firsts] = -1
        return before

    @cached_property
    def _firsts(self) -> Ints:
        start = self.sequences.start
        return start[:-1][np.diff(start) > 0]

    @cached_property
    def some(self) -> Bools:
        """(n,) whether the deal had taken a step at all."""
        return self.moments.last >= self.moments.first

    def total(self, values: Floats | Ints | Bools) -> Floats:
        """(n,) sum of ``values`` (e,) over the deal's steps up to the moment."""
        running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
        found: Floats = running[self.moments.last + 1] - running[self.moments.first]
        return found

    def latest(self, chosen: Bools) -> Ints:
        """(n,) the deal's latest step among the ``chosen`` (e,); -1 if there is none."""
        places = np.where(chosen, np.arange(len(chosen)), -1)
        found = np.maximum.accumulate(np.concatenate([[-1], places]))[self.moments.last + 1]
        return np.where(found >= self.moments.first, found, -1)

    def at_last(self, values: Floats | Ints, back: int = 0, missing: float = np.nan) -> Floats:
        """(n,) value at the latest step, or ``back`` steps before it."""
        place = self.moments.last - back
        found = np.full(len(self.moments), missing)
        there = place >= self.moments.first
        found[there] = values[place[there]]
        return found

    def since(self, place: Ints) -> Floats:
        """(n,) seconds from step ``place`` to the moment; NaN where it is -1."""
        found = np.full(len(place), np.nan)
        there = place >= 0
        found[there] = self.moments.at[there] - self.sequences.at[place[there]]
        return found


Group = Callable[[View], Columns]
"""A group of features: a pure function of the view."""
