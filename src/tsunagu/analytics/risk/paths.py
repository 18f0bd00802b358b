"""TreeSHAP for small trees: what a leaf adds to each feature, looked up instead of computed.

On the way to a leaf stand few features.  What the leaf adds to each of them follows from the
leaf's value, from the share of the training rows that meet each feature's conditions, and from
which of these a row meets: at most ``2 ** depth`` cases, worked out once a model.  The values are
those of the path-dependent TreeSHAP (Lundberg et al., From local explanations to global
understanding with explainable AI for trees, 2020, algorithm 2), which LightGBM computes anew for
every row; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from tsunagu.analytics.risk.arrays import Bools, Floats, Ints, Singles

_ROWS_AT_ONCE = 16
"""So few that what a page needs stays in the processor's cache: half the time of 64."""
_ZERO = 1e-35
"""What LightGBM holds for zero."""

Tree = Mapping[str, Any]
"""A node of a tree as ``Booster.dump_model`` gives it."""


@dataclass
class Leaf:
    """A leaf and the way to it.

    Attributes:
        value: of the leaf.
        steps: each split on the way: its number, whether the way goes left, the position of its
            feature in ``features``.
        features: those on the way, each once.
        shares: of the training rows that meet each feature's conditions.
    """

    value: float
    steps: list[tuple[int, bool, int]]
    features: list[int]
    shares: list[float]


@dataclass
class Splits:
    """The splits of all trees, in the order in which they were met."""

    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    missing_left: list[bool] = field(default_factory=list)
    left_codes: list[list[int]] = field(default_factory=list)

    def add(self, node: Tree) -> int:
        """Remember a split; returns its number."""
        categorical = node["decision_type"] == "=="
        codes = [int(c) for c in str(node["threshold"]).split("||")] if categorical else []
        self.feature.append(node["split_feature"])
        self.threshold.append(np.nan if categorical else float(node["threshold"]))
        self.missing.append("" if categorical else node["missing_type"])
        self.missing_left.append(node["default_left"])
        self.left_codes.append(codes)
        return len(self.feature) - 1


class Decisions:
    """Answers for each row and split whether the row goes left, as LightGBM decides."""

    def __init__(self, splits: Splits) -> None:
        self._feature = np.array(splits.feature, dtype=np.int64)
        self._threshold = np.array(splits.threshold)
        self._left = np.array(splits.missing_left, dtype=bool)
        kinds = np.array(splits.missing)
        self._nan_decides, self._zero_decides = kinds == "NaN", kinds == "Zero"
        self._categorical = np.flatnonzero([bool(codes) for codes in splits.left_codes])
        most = max((max(codes) for codes in splits.left_codes if codes), default=0)
        self._goes_left = np.zeros((len(self._categorical), most + 1), dtype=bool)
        for place, split in enumerate(self._categorical):
            self._goes_left[place, splits.left_codes[split]] = True

    def __call__(self, rows: Singles) -> Bools:
        """Shape (n, splits)."""
        values = rows[:, self._feature]
        unknown = np.isnan(values)
        values[unknown] = 0
        left: Bools = values <= self._threshold
        nothing = unknown & self._nan_decides | (np.abs(values) <= _ZERO) & self._zero_decides
        np.copyto(left, self._left, where=nothing)
        left[:, self._categorical] = self._of_categories(rows[:, self._feature[self._categorical]])
        return left

    def _of_categories(self, codes: Singles) -> Bools:
        known = (codes >= 0) & (codes < self._goes_left.shape[1])
        whole = np.where(known, codes, 0).astype(np.int64)
        return known & self._goes_left[np.arange(len(self._categorical)), whole]


class Leaves:
    """Leaves in arrays, with a table of what each adds in each case."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        depth = max((len(leaf.steps) for leaf in leaves), default=0)
        slots = max((len(leaf.features) for leaf in leaves), default=0)
        self._split = np.zeros((depth, len(leaves)), dtype=np.int64)
        self._goes_left = np.zeros((depth, len(leaves)), dtype=bool)
        self._broken = np.zeros((depth, len(leaves)), dtype=np.uint16)
        for place, leaf in enumerate(leaves):
            for level, (split, goes_left, slot) in enumerate(leaf.steps):
                self._split[level, place] = split
                self._goes_left[level, place] = goes_left
                self._broken[level, place] = 1 << slot
        self._table = _tables(leaves, slots)
        self._place_pairs(leaves)

    def _place_pairs(self, leaves: Sequence[Leaf]) -> None:
        """Pairs of leaf and feature in the order of the features, so that sums are of runs."""
        pairs = sorted(
            (f, at, s) for at, leaf in enumerate(leaves) for s, f in enumerate(leaf.features)
        )
        feature, leaf, slot = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
        self._leaf, (cases, slots) = leaf, self._table.shape[1:]
        self._start = (leaf * cases) * slots + slot
        self._stride = slots
        self._features, self._runs = np.unique(feature, return_index=True)

    def add_to(self, found: Floats, left: Bools, weight: Floats) -> None:
        """Add to ``found`` (n, features) what the leaves contribute, times ``weight`` (n,)."""
        if not len(self._leaf):
            return
        case = self._cases(left)[:, self._leaf]
        parts = self._table.ravel().take(self._start + self._stride * case)
        found[:, self._features] += weight[:, None] * np.add.reduceat(parts, self._runs, axis=1)

    def _cases(self, left: Bools) -> Ints:
        """Which features' conditions do not hold, as bits, shape (n, leaves)."""
        broken = np.zeros((len(left), self._split.shape[1]), dtype=np.uint16)
        for split, goes_left, bit in zip(self._split, self._goes_left, self._broken, strict=True):
            broken |= np.where(left[:, split] == goes_left, np.uint16(0), bit)
        return broken.astype(np.int64)


def _tables(leaves: Sequence[Leaf], slots: int) -> Floats:
    """What each leaf adds to its features in each case, shape (leaves, 2 ** slots, slots)."""
    table = np.zeros((len(leaves), 2**slots, slots))
    value = np.array([leaf.value for leaf in leaves])
    for count in range(1, slots + 1):
        chosen = np.flatnonzero([len(leaf.features) == count for leaf in leaves])
        shares = np.array([leaf.shares for leaf in leaves if len(leaf.features) == count]).reshape(
            -1, count
        )
        for case in range(2**count):
            met = np.array([not case >> slot & 1 for slot in range(count)], dtype=float)
            for slot in range(count):
                mean = _mean_of_others(shares, met, slot)
                table[chosen, case, slot] = value[chosen] * (met[slot] - shares[:, slot]) * mean
    return table


def _mean_of_others(shares: Floats, met: Floats, slot: int) -> Floats:
    """Chance to reach the leaf by the other features, over all orders in which they are known."""
    others = [other for other in range(len(met)) if other != slot]
    mean = np.zeros(len(shares))
    for size in range(len(met)):
        for known in combinations(others, size):
            unknown = [other for other in others if other not in known]
            chance = met[list(known)].prod() * shares[:, unknown].prod(axis=1)
            mean += chance / (len(met) * comb(len(others), size))
    return mean


class Paths:
    """The leaves of one output's trees, apart by whether ``varying`` stands on the way.

    Args:
        trees: those that add to the output with the sign that goes with each.
        varying: position of the one feature of which rows have several values.
    """

    def __init__(self, trees: Sequence[tuple[float, Tree]], varying: int) -> None:
        splits, leaves = Splits(), []
        for sign, tree in trees:
            leaves += list(_leaves(tree, sign, splits, Leaf(0.0, [], [], [])))
        self._varying, self._decisions = varying, Decisions(splits)
        self._steady = Leaves([leaf for leaf in leaves if varying not in leaf.features])
        self._moving = Leaves([leaf for leaf in leaves if varying in leaf.features])
        self.average = float(sum(leaf.value * np.prod(leaf.shares) for leaf in leaves))
        """What the output is where nothing is known."""

    def contributions(self, rows: Singles, values: Sequence[float], weights: Floats) -> Floats:
        """Contributions to the output, a weighted mean over values of the varying feature.

        Args:
            rows: shape (n, features), the varying feature's column included.
            values: of the varying feature.
            weights: of the values, summing to 1 a row, shape (n, values).

        Returns:
            Shape (n, features); with :attr:`average` they sum to the output's weighted mean.
        """
        found = np.zeros(rows.shape)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            page = slice(start, start + _ROWS_AT_ONCE)
            self._add_to(found[page], rows[page].copy(), values, weights[page])
        return found

    def _add_to(
        self, found: Floats, rows: Singles, values: Sequence[float], weights: Floats
    ) -> None:
        for place, value in enumerate(values):
            rows[:, self._varying] = value
            left = self._decisions(rows)
            if place == 0:
                self._steady.add_to(found, left, np.ones(len(rows)))
            self._moving.add_to(found, left, weights[:, place])


def _leaves(node: Tree, sign: float, splits: Splits, way: Leaf) -> Iterator[Leaf]:
    if "leaf_value" in node:
        yield Leaf(sign * node["leaf_value"], way.steps, way.features, way.shares)
        return
    split, feature = splits.add(node), node["split_feature"]
    features = way.features if feature in way.features else [*way.features, feature]
    slot = features.index(feature)
    for side, goes_left in (("left_child", True), ("right_child", False)):
        child = node[side]
        shares = [*way.shares, 1.0][: len(features)]
        shares[slot] *= _rows(child) / node["internal_count"]
        steps = [*way.steps, (split, goes_left, slot)]
        yield from _leaves(child, sign, splits, Leaf(0.0, steps, features, shares))


def _rows(node: Tree) -> int:
    return int(node["leaf_count"] if "leaf_value" in node else node["internal_count"])
