"""Calibration within groups: which deals are grouped, and what a group's figures say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics.evaluation.groups import (
    LEAST_DEALS,
    MOST_GROUPS,
    GroupedCalibration,
    Grouping,
    groupings,
)

from .small_logs import small_log


def _log(sources: list[str | None]) -> tuple[object, pa.Array]:
    names = [f"D{number:04d}" for number in range(len(sources))]
    deals = {name: {"source": source} for name, source in zip(names, sources, strict=True)}
    return small_log(deals, [(names[0], 1, "call", None)]), pa.array(names)


def test_deals_are_grouped_by_attributes_with_two_groups_large_enough() -> None:
    log, ids = _log(["web"] * 40 + ["fair"] * LEAST_DEALS + ["friend"] * 3 + [None])
    (found,) = groupings(log, ids, None)
    assert (found.name, found.groups) == ("source", ("web", "fair"))
    assert np.bincount(found.of + 1).tolist() == [4, 40, LEAST_DEALS]


def test_one_large_group_alone_is_no_grouping() -> None:
    log, ids = _log(["web"] * 40 + ["fair"] * (LEAST_DEALS - 1))
    assert groupings(log, ids, None) == ()


def test_of_many_groups_only_the_largest_are_shown() -> None:
    many = [f"S{number:02d}" for number in range(MOST_GROUPS + 3)]
    log, ids = _log([source for source in many for _ in range(LEAST_DEALS)])
    assert groupings(log, ids, None)[0].groups == tuple(many[:MOST_GROUPS])


def test_sizes_are_thirds_by_value_and_unknown_values_are_in_none() -> None:
    log, ids = _log([None] * 91)
    (found,) = groupings(log, ids, np.array([*range(1, 91), np.nan], dtype=float))
    assert (found.name, found.groups) == ("size", ("1", "2", "3"))
    assert np.bincount(found.of + 1).tolist() == [1, 30, 30, 30]


def test_an_attribute_called_size_is_another_grouping_than_the_deals_worth() -> None:
    sizes = ["S", "M", "L", "XL"] * LEAST_DEALS
    names = [f"D{number:04d}" for number in range(len(sizes))]
    deals = {name: {"size": size} for name, size in zip(names, sizes, strict=True)}
    log = small_log(deals, [(names[0], 1, "call", None)])
    found = groupings(log, pa.array(names), np.arange(len(sizes), dtype=float))
    assert [(grouping.name, len(grouping.groups)) for grouping in found] == [
        ("attribute size", 4),
        ("size", 3),
    ]


def test_figures_of_each_group_by_hand() -> None:
    grouping = Grouping("owner", ("Ann", "Bob"), np.array([0, 0, 1, -1]))
    deal = np.array([0, 1, 2, 2, 3])
    told = np.array([0.2, 0.4, 0.5, 0.5, 0.9])
    true = np.array([False, True, True, False, False])
    curve, within = GroupedCalibration(grouping, deal, told, true)(np.ones(5), np.ones(5))
    assert curve.predicted == pytest.approx([0.3, 0.5])
    assert curve.observed == pytest.approx([0.5, 0.5])
    assert curve.ece == pytest.approx(0.1)
    assert within == pytest.approx([(0.2 + 0.6) / 2, 0])


def test_a_deal_of_weight_two_counts_twice_in_its_group() -> None:
    grouping = Grouping("owner", ("Ann", "Bob"), np.array([0, 0, 1]))
    told, true = np.array([0.2, 0.4, 0.5]), np.array([False, True, True])
    weights = np.array([2.0, 1.0, 1.0])
    curve, _ = GroupedCalibration(grouping, np.arange(3), told, true)(weights, weights)
    assert curve.predicted[0] == pytest.approx((0.2 * 2 + 0.4) / 3)
    assert curve.observed[0] == pytest.approx(1 / 3)
