"""Which rows a mapping's rules take."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.mapping import Condition, Rule
from tsunagu.analytics.eventlog.sheet import Sheet, mask


def first_match(sheet: Sheet, rules: Sequence[Rule]) -> NDArray[np.int64]:
    """For each row the number of the first rule that takes it, -1 where none does."""
    taken = np.full(len(sheet), -1, np.int64)
    for number, rule in enumerate(rules):
        taken[(taken < 0) & rows_taken(sheet, rule)] = number
    return taken


def rows_taken(sheet: Sheet, rule: Rule) -> Mask:
    """The rows for which all of the rule's conditions hold."""
    rows = sheet.faults.fine.copy()
    for condition in rule.when:
        rows &= _holds(sheet, condition, rows)
    return rows


def _holds(sheet: Sheet, condition: Condition, rows: Mask) -> Mask:
    text = sheet.plain(condition.column)
    holds = np.ones(len(sheet), bool)
    if condition.one_of is not None:
        holds &= mask(pc.is_in(text, _plain(condition.one_of)))
    if condition.none_of is not None:
        holds &= ~mask(pc.is_in(text, _plain(condition.none_of)))
    if condition.matches is not None:
        holds &= mask(pc.match_substring_regex(text, condition.matches))
    if condition.empty is not None:
        holds &= mask(text.is_null()) == condition.empty
    return holds & _within(sheet, condition, rows & holds)


def _plain(words: Sequence[str]) -> pa.Array:
    return pa.array([unicodedata.normalize("NFKC", word).strip() for word in words], pa.string())


def _within(sheet: Sheet, condition: Condition, rows: Mask) -> Mask:
    bounds = (
        (pc.greater_equal, condition.at_least),
        (pc.less_equal, condition.at_most),
        (pc.greater, condition.above),
        (pc.less, condition.below),
    )
    holds = np.ones(len(sheet), bool)
    for compare, bound in bounds:
        if bound is not None:
            holds &= mask(compare(sheet.numbers(condition.column, rows), float(bound)))
    return holds
