"""What was done: how often each step and each transition, how long ago, and the time after it."""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.outcomes.arrays import Bools, Floats, Ints
from tsunagu.analytics.outcomes.view import Columns, View

_LAST = 3


def counts(view: View) -> Columns:
    """How often each step was taken, and by how many different steps the deal moved."""
    columns = {f"count[{w}]": view.total(view.step == i) for i, w in _words(view)}
    different = np.zeros(len(view.moments))
    for count in columns.values():
        different += count > 0
    return {**columns, "different_steps": different}


def recency(view: View) -> Columns:
    """Time since each step was last taken, and since it was first."""
    columns: dict[str, Floats] = {}
    for i, word in _words(view):
        chosen = view.step == i
        columns[f"since[{word}]"] = view.since(view.latest(chosen))
        columns[f"first[{word}]"] = view.since(view.latest(chosen & first_of(view, chosen)))
    return columns


def first_of(view: View, chosen: Bools) -> Bools:
    """(e,) whether a step is its deal's first among the ``chosen``."""
    places = np.flatnonzero(chosen)
    found = np.zeros(len(chosen), dtype=bool)
    found[places[np.unique(view.sequences.deal[places], return_index=True)[1]]] = True
    return found


def waiting(view: View) -> Columns:
    """Time spent after each step until the next one or the moment."""
    silence = np.nan_to_num(view.since(np.where(view.some, view.moments.last, -1)))
    last = view.at_last(view.step, missing=-1)
    return {
        f"waited[{w}]": view.total(np.where(view.before == i, view.gap, 0.0))
        + silence * (last == i)
        for i, w in _words(view)
    }


def transitions(view: View) -> Columns:
    """How often one step followed another."""
    names = (*view.vocabulary.steps, "other")
    return {
        f"pair[{names[a]}>{names[b]}]": view.total((view.before == a) & (view.step == b))
        for a, b in view.vocabulary.transitions
    }


def latest(view: View) -> Columns:
    """The latest steps, as codes: categories."""
    return {f"step_{back}": _codes(view.at_last(view.step, back, -1)) for back in range(_LAST)}


def _codes(found: Floats) -> Ints:
    return found.astype(np.int64)


def _words(view: View) -> list[tuple[int, str]]:
    return list(enumerate(view.vocabulary.steps))
