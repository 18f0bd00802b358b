"""What a feature is: its name and words, and the expression that computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from tsunagu.analytics.features.clock import days

GROUPS: tuple[str, ...] = (
    "silence",
    "inbound",
    "outbound",
    "activity",
    "next_step",
    "stage_time",
    "stage_moves",
    "close_date",
    "amount",
    "owner",
    "load",
    "contacts",
    "calendar",
    "age",
    "attributes",
    "steps",
    "competitor",
    "survey",
    "trouble",
)
"""Stable names of the groups into which reasons gather features."""


@dataclass(frozen=True)
class FeatureSpec:
    """Name and words of one feature.

    Attributes:
        name: column of the feature table.
        group: one of :data:`GROUPS`.
        categorical: int32 codes into the levels (-1: unknown or other), else float64.
        label_ja: the feature in Japanese.
        label_en: the feature in English.
    """

    name: str
    group: str
    categorical: bool
    label_ja: str
    label_en: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Feature:
    """A feature's spec, and its expression over the table of facts (see ``facts``)."""

    spec: FeatureSpec
    compute: Callable[[ir.Table], ir.Value]


def fact(name: str, *, missing: int | None = None) -> Callable[[ir.Table], ir.Value]:
    """The fact ``name`` itself, ``missing`` in place of null."""

    def compute(facts: ir.Table) -> ir.Value:
        return facts[name] if missing is None else facts[name].fill_null(missing)

    return compute


def days_since(name: str) -> Callable[[ir.Table], ir.Value]:
    """Days from the instant in the fact ``name`` to the snapshot; null if it never came."""
    return lambda facts: days(facts["at"] - facts[name])


def number(
    name: str, group: str, ja: str, en: str, compute: Callable[[ir.Table], ir.Value]
) -> Feature:
    """A numeric feature."""
    return Feature(FeatureSpec(name, group, False, ja, en), compute)


def category(
    name: str, group: str, ja: str, en: str, compute: Callable[[ir.Table], ir.Value]
) -> Feature:
    """A feature of int32 codes."""
    return Feature(FeatureSpec(name, group, True, ja, en), compute)
