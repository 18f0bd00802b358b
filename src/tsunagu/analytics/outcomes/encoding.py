"""All groups of features, and the matrix that learners see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.outcomes import facts, pace, people, rates, steps
from tsunagu.analytics.outcomes.arrays import Ints, Singles
from tsunagu.analytics.outcomes.view import Group, View

GROUPS: Mapping[str, Group] = {
    "length": pace.length,
    "gaps": pace.gaps,
    "counts": steps.counts,
    "recency": steps.recency,
    "waiting": steps.waiting,
    "transitions": steps.transitions,
    "latest": steps.latest,
    "hands": people.hands,
    "busy": people.busy,
    "attributes": facts.attributes,
    "amounts": facts.amounts,
    "rates_lately": rates.lately,
    "rates_steps": rates.of_steps,
    "rates_people": rates.of_people,
    "rates_attributes": rates.of_attributes,
}
"""Every group by name, in the order of the columns."""


@dataclass(frozen=True)
class Encoded:
    """Features of moments.

    Attributes:
        names: of the columns.
        groups: (f,) the group of each column.
        categorical: positions of the columns that are codes.
        matrix: (n, f).
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    categorical: tuple[int, ...]
    matrix: Singles

    def only(self, groups: Iterable[str]) -> Encoded:
        """The columns of some groups."""
        wanted = set(groups)
        keep: Ints = np.flatnonzero([group in wanted for group in self.groups])
        codes = {int(i) for i in self.categorical}
        return Encoded(
            tuple(self.names[i] for i in keep),
            tuple(self.groups[i] for i in keep),
            tuple(place for place, i in enumerate(keep) if int(i) in codes),
            self.matrix[:, keep],
        )


def encode(view: View, groups: Iterable[str] = GROUPS) -> Encoded:
    """Compute the features of some groups, as of each moment."""
    found = {(group, name): c for group in groups for name, c in GROUPS[group](view).items()}
    matrix = np.empty((len(view.moments), len(found)), dtype=np.float32, order="F")
    for place, column in enumerate(found.values()):
        matrix[:, place] = column
    named = tuple(name for _, name in found)
    categorical = tuple(i for i, name in enumerate(named) if is_code(name))
    return Encoded(named, tuple(group for group, _ in found), categorical, matrix)


def is_code(name: str) -> bool:
    """Whether the column of this name holds codes of categories."""
    code = name == "actor" or name.startswith(("step_", "level["))
    return code and not name.startswith("step_rate")
