"""The shipped scorecard: sane, documented, and about features that exist."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tsunagu.analytics.contracts import Kind, Outcome
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.recipe import candidates
from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk import scorecard, usual
from tsunagu.analytics.risk.hazard_model import Landmarks, Prior
from tsunagu.analytics.risk.periods import (
    BROKEN_OFF_CLASS,
    CAUSES,
    CLASS_OF,
    INTERVALS,
    PersonPeriods,
)
from tsunagu.analytics.risk.prior_fit import fit_prior

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "scorecard.md"
CARD = scorecard.shipped()
FULL = Learned(
    kinds=tuple(k.value for k in Kind if k is not Kind.OUTCOME),
    directions=("in", "out"),
    stages=("first",),
    steps=(),
    levels={},
    numbers=(),
    stays={},
    won_stays={},
    time_zone="Asia/Tokyo",
)


def _risk_30(**values: float) -> float:
    """Break risk within 30 days of a deal with these features, the others unknown."""
    names = [c.feature for c in CARD.conditions]
    columns = {name: i for i, name in enumerate(dict.fromkeys(names))}
    row = np.full((1, len(columns)), np.nan, dtype=np.float32)
    for name, value in values.items():
        row[0, columns[name]] = value
    nothing = usual.learn(np.empty((0, len(columns)), np.float32), np.empty(0, np.int64))
    prior = Prior(CARD, columns, nothing, np.ones((INTERVALS, len(CAUSES))))
    hazards = prior.hazards(Landmarks(row, np.array([-1])))
    return float(hz.cumulative_incidence(hazards)[0, 2, 1])


def test_every_condition_is_about_a_feature_of_the_catalogue() -> None:
    names = {feature.spec.name for feature in candidates(FULL)}
    assert {condition.feature for condition in CARD.conditions} <= names


@pytest.mark.parametrize("condition", CARD.conditions, ids=lambda c: c.name)
def test_every_condition_is_documented_with_its_weights_and_source(
    condition: scorecard.Condition,
) -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    line = next(line for line in lines if line.startswith(f"| `{condition.name}` |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    told = [float(cell or 0) for cell in (cells[3], cells[2], cells[4])]
    assert told == condition.weights.tolist()
    assert cells[5] == condition.source
    limit = condition.above if condition.above is not None else condition.below
    assert (
        f"`{condition.feature}` {'below' if condition.above is None else 'above'} {limit:g}" in line
    )


def test_a_healthy_deal_has_a_low_risk_and_a_neglected_one_a_high_risk() -> None:
    healthy = _risk_30(inbound_7=2, days_since_inbound=1, has_next_step=1)
    neglected = _risk_30(
        inbound_7=0,
        days_since_inbound=40,
        unanswered_outbound=4,
        has_next_step=0,
        days_to_close_date=-20,
        stage_days_ratio=2.0,
    )
    assert healthy < 0.05
    assert 0.2 < neglected < 0.7


def test_silence_is_measured_against_what_is_usual_in_the_stage() -> None:
    condition = next(c for c in CARD.conditions if c.name == "customer_silent")
    value = np.array([13.0, 20.0, 20.0, 50.0, np.nan])
    normal = np.array([2.0, 2.0, 20.0, 20.0, 2.0])
    assert condition.holds(value, normal).tolist() == [False, True, False, True, False]


def test_a_log_that_lacks_the_features_gets_the_base_rates() -> None:
    nothing = usual.learn(np.empty((0, 0), np.float32), np.empty(0, np.int64))
    prior = Prior(CARD, {}, nothing, np.ones((INTERVALS, len(CAUSES))))
    hazards = prior.hazards(Landmarks(np.empty((2, 0), np.float32), np.array([-1, -1])))
    assert np.allclose(hazards, CARD.base)


def _silent_deals(
    break_if_silent: float, break_if_not: float, deals: int, label: int = BROKEN_OFF_CLASS
) -> Prior:
    """The scorecard fitted to deals half of which are silent, and end so at these rates."""
    rng = np.random.default_rng(0)
    columns = {"days_since_inbound": 0}
    silent = np.arange(deals) % 2 == 0
    landmarks = Landmarks(
        np.where(silent, 50.0, 1.0).astype(np.float32)[:, None], np.full(deals, -1)
    )
    happened = rng.random(deals) < np.where(silent, break_if_silent, break_if_not)
    one, first = np.ones(deals), np.zeros(deals, np.int64)
    rows = PersonPeriods(np.arange(deals), first, np.where(happened, label, 0), one, one, one)
    nothing = usual.learn(np.empty((0, 1), np.float32), np.empty(0, np.int64))
    prior = Prior(CARD, columns, nothing, np.ones((INTERVALS, len(CAUSES))))
    return fit_prior(prior, landmarks, rows, 5.0)


def test_outcomes_that_bear_the_conditions_out_keep_the_weights() -> None:
    assert _silent_deals(0.09, 0.03, 400).strength > 0.7


def test_outcomes_that_contradict_the_conditions_silence_them() -> None:
    assert _silent_deals(0.02, 0.10, 400).strength < 0.3


def test_without_outcomes_the_weights_are_as_shipped() -> None:
    assert _silent_deals(0.0, 0.0, 0).strength == pytest.approx(1.0, abs=0.01)


def test_a_team_that_never_marks_a_break_off_keeps_the_scorecard_for_them() -> None:
    lost = CLASS_OF[Outcome.LOST.value]

    fitted = _silent_deals(0.02, 0.10, 4_000, lost)

    assert fitted.strength == 1.0
    assert (fitted.ratios[:, BROKEN_OFF_CLASS - 1] == 1.0).all()
    assert fitted.ratios[0, lost - 1] != 1.0
