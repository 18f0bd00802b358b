"""Sorts of events: kind, direction and named activity in one small integer.

A log has millions of events but few sorts of them.  What an event adds to each counter is worked
out once per sort, in Python, and looked up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import CONTACT_KINDS, DIRECTIONS, Kind

BASE_COUNTERS: tuple[str, ...] = ("any", "inbound", "outbound", "customer")
"""Every event; by direction; every event that touched the customer."""

KIND_COUNTERS: tuple[str, ...] = tuple(k.value for k in Kind if k is not Kind.OUTCOME)

_SIDES = len(DIRECTIONS) + 1
_SORTS = _SIDES * (len(KIND_COUNTERS) + 1)


@dataclass(frozen=True)
class Sort:
    """What the events of one sort have in common.

    Attributes:
        kind: one of :data:`KIND_COUNTERS`, or None for any other.
        direction: one of the directions, or None.
        step: the place of a named activity among those counted for themselves, or -1.
    """

    kind: str | None
    direction: str | None
    step: int

    @property
    def code(self) -> int:
        """The sort's number, as given by :func:`sort_of`."""
        side = _place(self.direction, DIRECTIONS)
        return side + _SIDES * _place(self.kind, KIND_COUNTERS) + _SORTS * (self.step + 1)

    def counts_in(self, counter: str) -> bool:
        """Whether ``counter`` counts events of this sort."""
        return counter in self._counters

    @property
    def _counters(self) -> set[str | None]:
        sides = {"in": {"inbound"}, "out": {"outbound"}, "both": {"inbound", "outbound"}}
        touching = {"customer"} if self.kind in {k.value for k in CONTACT_KINDS} else set()
        step = {step_counter(self.step)} if self.step >= 0 else set()
        return {"any", self.kind, *sides.get(self.direction or "", ()), *touching, *step}


def step_counter(place: int) -> str:
    """Name of the counter of the named activity at ``place``."""
    return f"step{place}"


def all_sorts(steps: int) -> Iterator[Sort]:
    """Every sort there can be with so many named activities."""
    for direction in (*DIRECTIONS, None):
        for kind in (*KIND_COUNTERS, None):
            yield Sort(kind, direction, -1)
        for step in range(steps):
            yield Sort(Kind.ACTIVITY.value, direction, step)


def codes_of(counter: str, steps: int) -> list[int]:
    """The codes of the sorts that ``counter`` counts."""
    return [sort.code for sort in all_sorts(steps) if sort.counts_in(counter)]


def sort_of(events: ir.Table, steps: tuple[str, ...]) -> ir.IntegerValue:
    """The code of each event's sort, from its ``kind``, ``direction`` and ``value``."""
    side = _code(events.direction, DIRECTIONS)
    code = side + _SIDES * _code(events.kind, KIND_COUNTERS)
    if steps:
        step = _code(events.value, steps)
        named = (events.kind == Kind.ACTIVITY.value) & (step < len(steps))
        code += ibis.ifelse(named, _SORTS * (step + 1), 0)
    return code.cast("int32")


def _place(word: str | None, words: tuple[str, ...]) -> int:
    return words.index(word) if word in words else len(words)


def _code(value: ir.Value, words: tuple[str, ...]) -> ir.IntegerValue:
    branches = [(value == word, place) for place, word in enumerate(words)]
    return cast(ir.IntegerValue, ibis.cases(*branches, else_=len(words)))
