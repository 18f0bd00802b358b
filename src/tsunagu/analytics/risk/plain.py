"""The plain part of the hazards: a few dozen weights on logarithms of what is known of a deal.

Trees need many ends before they err less than a straight line does; few teams have them.  So each
cause has a ridge-penalised logistic regression of its own, against carrying on, over the same
person-periods (Begg and Gray, Biometrika 71, 1984; Tutz and Schmid, Modeling Discrete Time-to-Event
Data, 2016, chapter 8), and what it says is blended with the trees' word in log-odds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk.arrays import Floats, Ints, Singles
from tsunagu.analytics.risk.calendar import calmed
from tsunagu.analytics.risk.periods import BROKEN_OFF_CLASS, CAUSES, INTERVALS, PersonPeriods
from tsunagu.analytics.risk.trees import Lesson

CLOCKS = frozenset({"days_since_created", "days_in_stage"})
"""Features whose effect may bend: ends come at certain ages."""

LEFT_OUT = frozenset(
    {
        "month",
        "business_days_7",
        "holidays_next_14",
        "days_to_quarter_end",
        "owner_open_deals",
        "owner_events_30",
    }
)
"""Of the week or of the owner, alike for many deals: a line through them follows waves."""

PENALTY = 30.0
"""Chosen by forward chaining on training parts alone; see ``docs/reference/foresight-model.md``."""

_BENDS = (0.1, 0.25, 0.5, 0.75, 0.9)
_RARE = 0.005
_FURTHEST = 4.0
_MOST_LANDMARKS = 100_000
_STEPS = 12
_DIGITS = 9


@dataclass(frozen=True)
class Term:
    """A column of the regression, made of one feature.

    Attributes:
        feature: its position.
        kind: ``log``; ``missing``, 1 where it is null; ``level``, 1 where it is ``at``; ``above``,
            how far its logarithm is above ``at``.
        at: for the last two.
    """

    feature: int
    kind: str
    at: float = 0.0

    def of(self, features: Singles) -> Floats:
        """The column, shape (n,)."""
        values = features[:, self.feature].astype(np.float64)
        if self.kind in {"missing", "level"}:
            holds = np.isnan(values) if self.kind == "missing" else values == self.at
            return np.where(holds, 1.0, 0.0)
        logs = _log(values)
        return logs if self.kind == "log" else np.asarray(np.maximum(logs - self.at, 0.0))


def _log(values: Floats) -> Floats:
    known = np.nan_to_num(values)
    logs: Floats = np.sign(known) * np.log1p(np.abs(known))
    return logs


@dataclass(frozen=True)
class Plain:
    """Log-odds of each cause against carrying on, linear in standardised terms.

    Attributes:
        terms: the columns.
        mean: of each, shape (terms,).
        spread: standard deviation of each, shape (terms,).
        weights: shape (terms, causes).
        base: log-odds of an average deal, shape (intervals, causes).
    """

    terms: tuple[Term, ...]
    mean: Floats
    spread: Floats
    weights: Floats
    base: Floats

    def log_odds(self, features: Singles) -> Floats:
        """Shape (n, intervals, causes)."""
        shift = np.einsum("nt,tc->nc", self._columns(features), self.weights)
        log_odds: Floats = shift[:, None, :] + self.base
        return log_odds

    def hazards(self, features: Singles) -> Floats:
        """Shape (n, intervals, causes)."""
        return hz.from_log_odds(self.log_odds(features))

    def contributions(self, features: Singles) -> Floats:
        """What each feature adds to the log-odds of breaking off, shape (n, features)."""
        parts = self._columns(features) * self.weights[:, BROKEN_OFF_CLASS - 1]
        found = np.zeros(features.shape)
        for position, term in enumerate(self.terms):
            found[:, term.feature] += parts[:, position]
        return found

    def _columns(self, features: Singles) -> Floats:
        return _standardised(_raw(self.terms, features), self.mean, self.spread)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        listed = {n: getattr(self, n).tolist() for n in ("mean", "spread", "weights", "base")}
        return {"terms": [[t.feature, t.kind, t.at] for t in self.terms], **listed}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plain:
        """Back from JSON."""
        terms = tuple(Term(int(f), str(kind), float(at)) for f, kind, at in data["terms"])
        weights = np.array(data["weights"], dtype=np.float64).reshape(len(terms), len(CAUSES))
        mean, spread, base = (np.array(data[n], float) for n in ("mean", "spread", "base"))
        return cls(terms, mean, spread, weights, base)


def _raw(terms: tuple[Term, ...], features: Singles) -> Floats:
    columns = np.empty((len(features), len(terms)))
    for position, term in enumerate(terms):
        columns[:, position] = term.of(features)
    return columns


def _standardised(columns: Floats, mean: Floats, spread: Floats) -> Floats:
    return np.clip((columns - mean) / spread, -_FURTHEST, _FURTHEST)


def fit(lesson: Lesson, names: tuple[str, ...], rows: PersonPeriods) -> Plain:
    """Fit it on ``rows``, beside the level of their weeks, as the trees are.

    Args:
        lesson: the trees' own.
        names: of the features.
        rows: person-periods to learn from.
    """
    seen = np.unique(rows.landmark)
    seen = seen[:: -(-len(seen) // _MOST_LANDMARKS) or 1]
    features = lesson.features[seen]
    terms = tuple(_terms(features, names, set(lesson.categorical)))
    columns = _raw(terms, features)
    spread = columns.std(axis=0)
    varies = spread > 1e-6
    terms = tuple(term for term, kept in zip(terms, varies, strict=True) if kept)
    mean, spread = columns[:, varies].mean(axis=0), spread[varies]
    x = _standardised(columns[:, varies], mean, spread)
    weights, base = _weights(x, _Grid.of(lesson, rows, seen))
    return Plain(terms, mean, spread, weights, base)


def _terms(features: Singles, names: tuple[str, ...], codes: set[int]) -> Iterator[Term]:
    for position, name in enumerate(names):
        values = features[:, position]
        if name in LEFT_OUT:
            continue
        if position in codes:
            levels, counts = np.unique(values, return_counts=True)
            common = levels[counts > _RARE * len(values)]
            yield from (Term(position, "level", float(level)) for level in common)
            continue
        yield Term(position, "log")
        if np.isnan(values).mean() > _RARE:
            yield Term(position, "missing")
        if name in CLOCKS:
            bends = np.unique(np.quantile(_log(values.astype(np.float64)), _BENDS))
            yield from (Term(position, "above", float(bend)) for bend in bends)


@dataclass(frozen=True)
class _Grid:
    """Person-periods as a table of landmarks by intervals.

    Attributes:
        weight: 0 where there is no row, shape (landmarks, intervals).
        label: shape (landmarks, intervals).
        level: log-odds of each week's level, shape (landmarks, intervals, causes).
    """

    weight: Floats
    label: Ints
    level: Floats

    @classmethod
    def of(cls, lesson: Lesson, rows: PersonPeriods, seen: Ints) -> _Grid:
        rows = rows.where(np.isin(rows.landmark, seen))
        level, place = lesson.level(rows), np.searchsorted(seen, rows.landmark)
        shape = (len(seen), INTERVALS)
        grid = cls(np.zeros(shape), np.zeros(shape, np.int64), np.zeros((*shape, len(CAUSES))))
        grid.weight[place, rows.interval] = rows.once() * calmed(level)
        grid.label[place, rows.interval] = rows.label
        grid.level[place, rows.interval] = np.log(level)
        return grid


def _weights(x: Floats, grid: _Grid) -> tuple[Floats, Floats]:
    """Of each cause, shape (terms, causes), and its base, shape (intervals, causes)."""
    found = [_one_cause(x, grid, cause) for cause in range(len(CAUSES))]
    both = np.stack(found, axis=1).round(_DIGITS)
    return both[: x.shape[1]], both[x.shape[1] :]


def _one_cause(x: Floats, grid: _Grid, cause: int) -> Floats:
    """Weights, then bases: penalised maximum likelihood by Newton's method, from weights of 0."""
    happened = (grid.label == cause + 1).astype(np.float64)
    weight = grid.weight * ((grid.label == 0) | (grid.label == cause + 1))
    base = _start(weight, happened)
    found = np.concatenate([np.zeros(x.shape[1]), base])
    middle, pull = found, np.concatenate([np.full(x.shape[1], PENALTY), np.full(INTERVALS, 0.01)])
    for _ in range(_STEPS):
        margin = (x @ found[: x.shape[1]])[:, None] + found[x.shape[1] :] + grid.level[:, :, cause]
        told = hz.from_log_odds(margin[..., None])[..., 0]
        error, curve = weight * (happened - told), weight * told * (1.0 - told)
        slope = np.concatenate([x.T @ error.sum(axis=1), error.sum(axis=0)])
        step = np.linalg.solve(
            _curvature(x, curve) + np.diag(pull), slope - pull * (found - middle)
        )
        found = found + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 10.0**-_DIGITS:
            break
    return found


def _start(weight: Floats, happened: Floats) -> Floats:
    """Log-odds of each interval's share, one end seen too many and ten survivors."""
    ends, held = (weight * happened).sum(axis=0), (weight * (1.0 - happened)).sum(axis=0)
    start: Floats = np.log((ends + 1.0) / (held + 10.0))
    return start


def _curvature(x: Floats, curve: Floats) -> Floats:
    across = x.T @ curve
    rooted = x * np.sqrt(curve.sum(axis=1))[:, None]
    own = rooted.T @ rooted  # of an array with itself, NumPy computes one half only
    return np.block([[own, across], [across.T, np.diag(curve.sum(axis=0))]])


def share_of_trees(plain: Floats, trees: Floats, rows: PersonPeriods, level: Floats) -> float:
    """Weight of the trees beside the plain part, 0 to 1, that fits ``rows`` best.

    Drawn towards a half, so that few ends move it little.

    Args:
        plain: the plain part's log-odds of the rows, shape (len(rows), causes).
        trees: the trees', same shape.
        rows: person-periods later than any that either learned from.
        level: of the weeks that each row spans, shape (len(rows), causes).
    """
    weight, happened = rows.once() * calmed(level), np.eye(len(CAUSES) + 1)[rows.label]

    def loss(share: float) -> float:
        mixed = (1.0 - share) * plain + share * trees + np.log(level)
        hazards = hz.from_log_odds(mixed)
        told = (np.column_stack([1.0 - hazards.sum(axis=1), hazards]) * happened).sum(axis=1)
        fit = float((weight * np.log(np.maximum(told, 1e-12))).sum())
        return _SHARE_PULL * (share - 0.5) ** 2 - fit

    return float(min(_SHARES, key=loss))


_SHARES = np.linspace(0.0, 1.0, 21)
_SHARE_PULL = 5.0
