"""Odoo's lead scoring, number by number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.analytics.evaluation.small_logs import ask, day, small_log

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.baselines import OdooLeadScoring
from tsunagu.analytics.evaluation.baselines.odoo import count_field, count_stages

STAGES = ("A", "B", "C")
CLOSED = {
    # deal: (source, stages entered, outcome)
    "1": ("web", "ABC", "won"),
    "2": ("web", "A", "won"),
    "3": ("fair", "AB", "won"),
    "4": ("web", "A", "lost"),
    "5": ("fair", "AB", "broken_off"),
    "6": ("", "ABC", "lost"),
}
OPEN = {
    "b web": ("web", "AB"),
    "b tv": ("tv", "AB"),
    "b none": (None, "AB"),
    "new fair": ("fair", ""),
}


def example() -> EventLog:
    deals = {deal: {"source": source} for deal, (source, *_) in {**CLOSED, **OPEN}.items()}
    events: list[tuple[str, float, str, str | None]] = []
    for deal, (_, entered, *outcome) in {**CLOSED, **OPEN}.items():
        events += [(deal, 1 + i, "stage", stage) for i, stage in enumerate(entered)]
        events += [(deal, 10, "outcome", how) for how in outcome]
    return small_log(deals, events, stages=STAGES, until=30)


def scores(baseline: OdooLeadScoring, log: EventLog) -> dict[str, float]:
    table = baseline.fit(log, seed=0).rank(log, ask(*[(deal, 20) for deal in OPEN]))
    return dict(zip(table["deal_id"].to_pylist(), table["score"].to_pylist(), strict=True))


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    return scores(OdooLeadScoring(), example())


def test_a_won_deal_counts_in_every_stage_a_lost_one_up_to_its_last():
    stage = np.array([2, 0, 1, 0, 1, 2])
    won = np.array([True, True, True, False, False, False])
    counted = count_stages(stage, won, won, 3)
    assert counted.yes == pytest.approx([3.1, 3.1, 3.1])
    assert counted.no == pytest.approx([3.1, 2.1, 1.1])
    assert (counted.total_yes, counted.total_no) == pytest.approx((3.1, 3.1))


def test_a_field_is_divided_by_the_sum_over_its_values():
    counted = count_field(np.array([0, 0, 1, 0, 1, -1]), np.array([True] * 3 + [False] * 3), 2)
    assert counted.yes == pytest.approx([2.1, 1.1])
    assert counted.no == pytest.approx([1.1, 1.1])
    assert (counted.total_yes, counted.total_no) == pytest.approx((3.2, 2.2))


def test_the_score_is_one_less_the_probability_of_winning(found):
    won = 0.5 * (3.1 / 3.1) * (2.1 / 3.2)
    lost = 0.5 * (2.1 / 3.1) * (1.1 / 2.2)
    assert found["b web"] == pytest.approx(1 - won / (won + lost))
    assert found["b web"] == pytest.approx(0.34043, abs=1e-5)


@pytest.mark.parametrize("deal", ["b tv", "b none"])
def test_an_unseen_or_empty_value_is_skipped(found, deal):
    won, lost = 0.5 * (3.1 / 3.1), 0.5 * (2.1 / 3.1)
    assert found[deal] == pytest.approx(1 - won / (won + lost))


def test_a_deal_without_a_stage_is_scored_by_its_fields(found):
    won, lost = 0.5 * (1.1 / 3.2), 0.5 * (1.1 / 2.2)
    assert found["new fair"] == pytest.approx(1 - won / (won + lost))


def test_the_twin_foresees_breaking_off_against_the_rest():
    found = scores(OdooLeadScoring(break_off=True), example())
    yes = (1.1 / 6.2) * (1.1 / 1.1) * (0.1 / 1.2)
    no = (5.1 / 6.2) * (4.1 / 5.1) * (3.1 / 4.2)
    assert found["b web"] == pytest.approx(yes / (yes + no))


def test_the_probability_is_clamped():
    deals = {str(i): {"source": "web" if i % 2 else "fair"} for i in range(40_000)}
    events = [(d, 10.0, "outcome", "won" if int(d) % 2 else "lost") for d in deals if int(d) > 1]
    log = small_log(deals, events, until=30)
    table = OdooLeadScoring().fit(log, seed=0).rank(log, ask(("1", 20), ("0", 20)))
    assert table["score"].to_pylist() == pytest.approx([0.9999, 0.0001])


def test_it_scores_with_the_stage_of_then():
    log = example()
    fitted = OdooLeadScoring().fit(log, seed=0)
    early, late = fitted.rank(log, ask(("b tv", 1.5), ("b tv", 20)))["score"].to_pylist()
    assert early == pytest.approx(0.5)
    assert late != early


def test_only_deals_closed_by_the_cut_are_learnt_from(found):
    log = example()
    without = replace(log, events=log.events.filter(log.events.deal_id != "4"))
    assert scores(OdooLeadScoring(), without)["b web"] != pytest.approx(found["b web"])
    with pytest.raises(NotEnoughHistoryError, match="closed"):
        OdooLeadScoring().fit(log.until(day(9)), seed=0)  # all outcomes fall on day 10
