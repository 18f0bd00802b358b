"""Which steps, transitions, people and attribute values are common enough to be features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.outcomes.arrays import Ints
from tsunagu.analytics.outcomes.sequences import Sequences

MOST_STEPS, MOST_TRANSITIONS, MOST_LEVELS = 60, 40, 60
LEAST_SEEN = 10
"""What occurs less often is no word of its own."""


@dataclass(frozen=True)
class Vocabulary:
    """Learned from one log.

    Attributes:
        steps: the most frequent steps.
        transitions: the most frequent pairs of one step and the next, as positions in ``steps``.
        actors: the most frequent people.
        levels: for each text attribute (and ``owner``) its most frequent values.
        numbers: names of numeric and boolean attributes.
    """

    steps: tuple[str, ...]
    transitions: tuple[tuple[int, int], ...]
    actors: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    numbers: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Vocabulary:
        """Back from JSON."""
        return cls(
            tuple(data["steps"]),
            tuple((int(a), int(b)) for a, b in data["transitions"]),
            tuple(data["actors"]),
            {name: tuple(values) for name, values in data["levels"].items()},
            tuple(data["numbers"]),
        )


def learn(sequences: Sequences) -> Vocabulary:
    """Learn from every step of ``sequences``."""
    steps = frequent(sequences.step, MOST_STEPS)
    texts = {n: v for n, v in sequences.attributes.items() if pa.types.is_string(v.type)}
    levels = {n: frequent(v, MOST_LEVELS) for n, v in {"owner": sequences.owner, **texts}.items()}
    return Vocabulary(
        steps,
        _transitions(sequences, steps),
        frequent(sequences.actor, MOST_LEVELS),
        levels,
        tuple(n for n in sequences.attributes if n not in texts),
    )


def frequent(values: pa.Array, most: int) -> tuple[str, ...]:
    """The most frequent values, ties by name, so that row order plays no part."""
    counts = pc.value_counts(values.drop_null())
    found = [(-c, v) for v, c in zip(*map(pa.Array.to_pylist, counts.flatten()), strict=True)]
    return tuple(v for c, v in sorted(found)[:most] if -c >= LEAST_SEEN)


def codes(values: pa.Array, words: tuple[str, ...]) -> Ints:
    """(n,) position of each value in ``words``; ``len(words)`` for any other, -1 for null."""
    place = pc.index_in(values, value_set=pa.array(words, pa.string())).fill_null(len(words))
    return np.where(values.is_null().to_numpy(zero_copy_only=False), -1, place.to_numpy())


def _transitions(sequences: Sequences, steps: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    step, size = codes(sequences.step, steps), len(steps) + 1
    inner = sequences.deal[1:] == sequences.deal[:-1]
    counts = np.bincount((step[:-1] * size + step[1:])[inner], minlength=size * size)
    order = np.lexsort((np.arange(len(counts)), -counts))[:MOST_TRANSITIONS]
    return tuple((int(i // size), int(i % size)) for i in order if counts[i] >= LEAST_SEEN)
