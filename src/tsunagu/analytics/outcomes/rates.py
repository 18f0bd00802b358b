"""How similar deals were decided lately: target encodings that only know what was known.

A deal that was decided before the moment counts for everything it passed through (its steps, its
people, its attributes).  So the encoding of a training row is out of fold by itself: it is made of
earlier decisions alone, as at the time of use.  The deal's own decision never counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.outcomes.arrays import DAY, Bools, Floats, Ints
from tsunagu.analytics.outcomes.sequences import Grouped
from tsunagu.analytics.outcomes.view import Columns, View
from tsunagu.analytics.outcomes.vocabulary import codes

_WINDOWS_DAYS = (14.0, 60.0, 36_500.0)
_PULL = 20.0
"""Decisions that a group's rate is pulled towards the overall rate with."""


@dataclass(frozen=True)
class _Passed:
    """Which groups each decided deal passed through: pairs without repeats."""

    group: Ints
    deal: Ints


def lately(view: View) -> Columns:
    """Share of each answer among the deals decided lately."""
    columns: dict[str, Floats] = {}
    for days in _WINDOWS_DAYS:
        rates = _overall(view, days)
        columns |= {f"lately_{days:.0f}[{a}]": rates[i] for i, a in _answers(view)}
    return columns


def of_steps(view: View) -> Columns:
    """Rates among decided deals that passed the latest step, transition, and nth such step."""
    size = len(view.vocabulary.steps) + 2
    pair = (view.before + 1) * size + view.step
    groups = {"step": view.step, "pair": pair, "nth": _nth(view)}
    columns: dict[str, Floats] = {}
    for name, group in groups.items():
        last = view.at_last(group, missing=-1).astype(np.int64)
        columns |= _encoded(view, name, _passed(view, group), last)
    return columns


def _nth(view: View) -> Ints:
    """(e,) step and how often the deal has taken it by then (nine at most), as one code."""
    nth = np.zeros(len(view.step), dtype=np.int64)
    for i in range(len(view.vocabulary.steps)):
        chosen = np.flatnonzero(view.step == i)
        deal = view.sequences.deal[chosen]
        starts = np.flatnonzero(np.diff(deal, prepend=-1))
        lengths = np.diff(np.append(starts, len(deal)))
        nth[chosen] = np.arange(len(deal)) - np.repeat(starts, lengths)
    return view.step * 10 + np.minimum(nth, 9)


def of_people(view: View) -> Columns:
    """Rates among decided deals that the latest person worked on, and of the first owner."""
    last = view.at_last(view.actor, missing=-1).astype(np.int64)
    return _encoded(view, "actor", _passed(view, view.actor), last)


def of_attributes(view: View) -> Columns:
    """Rates among decided deals with the same owner, and with the same attribute."""
    columns: dict[str, Floats] = {}
    decided = np.flatnonzero(view.decisions.answer >= 0)
    for name, words in view.vocabulary.levels.items():
        s = view.sequences
        code = codes(s.owner if name == "owner" else s.attributes[name], words)
        columns |= _encoded(view, name, _Passed(code[decided], decided), code[view.moments.deal])
    return columns


def _passed(view: View, group: Ints) -> _Passed:
    """Of decided deals, each group passed through before the decision, once a deal."""
    deal, at = view.sequences.deal, view.sequences.at
    before = at < view.decisions.at[deal]
    pairs = np.unique(np.column_stack([group[before], deal[before]]), axis=0)
    return _Passed(pairs[:, 0], pairs[:, 1])


def _encoded(view: View, name: str, passed: _Passed, group: Ints) -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for days in _WINDOWS_DAYS[1:]:
        rates = _rates(view, passed, group, days, _overall(view, days))
        columns |= {f"{name}_rate_{days:.0f}[{a}]": rates[i] for i, a in _answers(view)}
    return columns


def _overall(view: View, days: float) -> Floats:
    """Rates of one group that everybody is in."""
    decided = np.flatnonzero(view.decisions.answer >= 0)
    everyone = _Passed(np.zeros(len(decided), dtype=np.int64), decided)
    return _rates(view, everyone, np.zeros(len(view.moments), dtype=np.int64), days, None)


def _rates(view: View, passed: _Passed, group: Ints, days: float, overall: Floats | None) -> Floats:
    """(answers, n) share of each answer; NaN while nothing is decided."""
    counts = _counts(view, passed, group, days)
    total = counts.sum(axis=0)
    if overall is not None:
        known = np.isfinite(overall)
        counts = counts + np.where(known, _PULL * overall, 0.0)
        total = total + np.where(known[0], _PULL, 0.0)
    return np.where(total > 0, counts / np.maximum(total, 1e-9), np.nan)


def _counts(view: View, passed: _Passed, group: Ints, days: float) -> Floats:
    """(answers, n) other deals of the group that were decided so, in the days up to the moment."""
    m, d = view.moments, view.decisions
    at, answer = d.at[passed.deal], d.answer[passed.deal]
    counts = np.empty((len(d.answers), len(m)))
    ours = _own(view, passed, group, days)
    for i in range(len(d.answers)):
        rows = answer == i
        counts[i] = Grouped(passed.group[rows], at[rows]).count(group, m.at, days)
        counts[i] -= ours & (d.answer[m.deal] == i)
    return counts


def _own(view: View, passed: _Passed, group: Ints, days: float) -> Bools:
    """(n,) whether the moment's own deal is among those counted."""
    m, d = view.moments, view.decisions
    size = int(max(passed.group.max(initial=0), group.max(initial=0))) + 2
    have = np.unique(passed.deal * size + passed.group)
    mine = m.deal * size + group
    place = np.minimum(np.searchsorted(have, mine), max(len(have) - 1, 0))
    there = have[place] == mine if len(have) else np.zeros(len(mine), dtype=bool)
    at = d.at[m.deal]
    return there & (at <= m.at) & (at > m.at - days * DAY)


def _answers(view: View) -> list[tuple[int, str]]:
    return list(enumerate(view.decisions.answers))
