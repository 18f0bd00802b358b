"""Which play is recommended, with and without exploring."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
from tests.analytics.plays.making import ALL_KNOWN, UNTIL, plain

from tsunagu.analytics.plays import fit, recommend

EFFECTS = fit(
    pa.concat_tables(
        [plain("visit", 90, 60), plain("letter", 90, 30), plain("new", 4, 2), plain("none", 90, 25)]
    ),
    UNTIL,
    settings=ALL_KNOWN,
)


def test_the_best_of_those_with_enough_cases_is_recommended() -> None:
    found = recommend(EFFECTS, "customer", ["letter", "visit", "new"])
    assert found is not None
    assert (found.play, found.explores) == ("visit", False)


def test_nothing_is_recommended_while_it_is_too_early_for_all() -> None:
    assert recommend(EFFECTS, "customer", ["new", "untried"]) is None
    assert recommend(EFFECTS, "customer", []) is None


def test_a_cause_never_seen_with_a_play_is_answered_by_the_play_as_a_whole() -> None:
    found = recommend(EFFECTS, "environment", ["letter", "visit"])
    assert found is not None
    assert found.play == "visit"


def test_exploring_gives_the_same_case_the_same_play_in_whatever_order_they_are_asked() -> None:
    plays = ["letter", "visit", "new", "untried"]
    for case in map(str, range(20)):
        first = recommend(EFFECTS, "customer", plays, explore=True, case_id=case)
        again = recommend(EFFECTS, "customer", plays[::-1], explore=True, case_id=case)
        assert first == again


def test_exploring_tries_what_is_little_known_and_says_so() -> None:
    plays = ["letter", "visit", "new", "untried"]
    found = [
        recommend(EFFECTS, "customer", plays, explore=True, case_id=str(n)) for n in range(300)
    ]
    taken = Counter(f.play for f in found if f)
    assert taken["visit"] > taken["letter"]
    assert taken["new"] > 10
    assert taken["untried"] > 10
    assert all(f.explores == (f.play != "visit") for f in found if f)
    assert {f.expected_best for f in found if f} == {"visit"}
