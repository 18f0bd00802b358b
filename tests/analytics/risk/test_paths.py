"""Contributions from tables are LightGBM's own, whatever the features hold."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from tsunagu.analytics.risk.paths import Paths

ROWS, VARYING, CATEGORY = 3_000, 5, 4


def rows_of(seed: int, *, gaps: bool) -> Any:
    """Numbers, some of them zero, a category, the varying feature; with ``gaps`` some are NaN."""
    draw = np.random.default_rng(seed)
    numbers = draw.normal(size=(ROWS, 4)).astype(np.float32)
    numbers[draw.random((ROWS, 4)) < 0.2] = 0
    category = draw.integers(0, 9, ROWS).astype(np.float32)
    if gaps:
        numbers[draw.random((ROWS, 4)) < 0.2] = np.nan
        category[draw.random(ROWS) < 0.1] = np.nan
    varying = draw.integers(0, 3, ROWS).astype(np.float32)
    return np.column_stack([numbers, category, varying])


def grown(rows: Any, *, depth: int, **how: Any) -> lightgbm.Booster:
    filled = np.nan_to_num(rows, nan=0.7)
    odds = filled[:, 0] * filled[:, 5] + (filled[:, 4] % 3) - np.abs(filled[:, 1])
    data = lightgbm.Dataset(rows, odds, categorical_feature=[CATEGORY], params={"verbose": -1})
    choices = {"objective": "l2", "max_depth": depth, "num_leaves": 2**depth - 1, "verbose": -1}
    return lightgbm.train({**choices, "min_data_in_leaf": 20, **how}, data, 12)


def paths_of(booster: lightgbm.Booster) -> Paths:
    trees = booster.dump_model()["tree_info"]
    return Paths([(1.0, tree["tree_structure"]) for tree in trees], VARYING)


HOW: list[dict[str, Any]] = [{}, {"zero_as_missing": True}, {"use_missing": False}]


@pytest.mark.parametrize("how", HOW, ids=["usual", "zeros are missing", "nothing is missing"])
@pytest.mark.parametrize("depth", [2, 4, 6])
@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "gaps"])
def test_they_are_those_of_lightgbm(gaps: bool, depth: int, how: dict[str, Any]) -> None:
    booster = grown(rows_of(1, gaps=gaps), depth=depth, **how)
    strangers = rows_of(2, gaps=True)[:500]
    strangers[:20, CATEGORY] = [-1, 40] * 10
    weights = np.random.default_rng(3).dirichlet([1, 2, 3], len(strangers))

    paths = paths_of(booster)
    found = paths.contributions(strangers, (0, 1, 2), weights)

    for place in range(3):
        strangers[:, VARYING] = place
        own = booster.predict(strangers, pred_contrib=True)
        found -= weights[:, [place]] * own[:, :-1]
        assert own[0, -1] == pytest.approx(paths.average)
    assert np.abs(found).max() < 1e-9


def test_trees_that_never_split_add_to_no_feature() -> None:
    rows = rows_of(1, gaps=False)
    booster = grown(rows, depth=2, min_data_in_leaf=ROWS)
    paths = paths_of(booster)

    found = paths.contributions(rows[:3], (0.0,), np.ones((3, 1)))

    assert not found.any()
    assert paths.average == pytest.approx(booster.predict(rows[:1])[0])
