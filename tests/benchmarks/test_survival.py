"""The survival benchmark: its rivals are honest, and its tables say which way a difference goes."""

# ruff: noqa: ARG002 - models keep to a protocol whatever they need of it

from __future__ import annotations

from datetime import UTC, datetime

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from benchmarks.foresight import survival
from benchmarks.foresight import survival_predictors as predictors
from benchmarks.foresight import survival_rivals as rivals
from benchmarks.foresight import survival_tables as tables
from benchmarks.foresight.survival_frame import LAST_DAY, Frame, followed
from tests.analytics.evaluation.small_logs import ask, small_log

from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog
from tsunagu.analytics.evaluation.labels import Labels, Landmarks
from tsunagu.analytics.evaluation.results import Difference, Evaluation, Figure, Part, Performance

CALLS = (
    ("A", 1.0, "call", None, "out"),
    ("A", 5.0, "call", None, "both"),
    ("A", 6.0, "stage", "Offer"),
    ("A", 20.0, "call", None, "out"),
)


def test_rows_count_what_happened_and_how_long_ago() -> None:
    log = small_log({"A": {}}, CALLS)
    (row,) = Frame.fit(log).table(log, ask(("A", 10))).to_pylist()
    assert row["age"] == pytest.approx(10)
    assert (row["events"], row["n_0"]) == (3, 1)  # the commonest type: calls to the customer
    assert row["since_any"] == row["since_stage"] == pytest.approx(4)
    assert row["since_in"] == row["since_out"] == pytest.approx(5)


def test_days_since_what_never_happened_count_from_creation() -> None:
    log = small_log({"A": {}, "B": {}}, CALLS)
    row = Frame.fit(log).table(log, ask(("B", 10))).to_pylist()[0]
    assert row["events"] == 0
    assert row["since_in"] == row["age"] == pytest.approx(10)


def test_rows_see_nothing_after_their_landmark() -> None:
    later = (*CALLS, ("A", 11.0, "stage", "Won over"), ("A", 12.0, "outcome", "won"))
    log = small_log({"A": {"source": "web"}, "B": {"source": "fair"}}, later)
    frame = Frame.fit(log)
    known = small_log({"A": {"source": "web"}, "B": {"source": "fair"}}, CALLS[:3])
    assert frame.table(log, ask(("A", 10))).equals(frame.table(known, ask(("A", 10))))


def test_landmarks_are_followed_for_ninety_days() -> None:
    labels = Labels(np.array([30.0, 95.0, 60.0, 200.0]), np.array([1, 1, 3, 0]))
    marks = Landmarks(pa.array(["A"]), np.zeros(4, int), np.zeros(4, int), labels, np.zeros(4))
    days, event = followed(marks)
    assert days.tolist() == [30, LAST_DAY, 60, LAST_DAY]
    assert event.tolist() == [1, 0, 2, 0]


def test_two_constant_hazards_give_the_incidence_of_the_textbook() -> None:
    broken, other = 0.02 * rivals.DAYS[None, :], 0.03 * rivals.DAYS[None, :]
    expected = 0.4 * (1 - np.exp(-0.05 * np.array(rivals.HORIZONS)))
    assert rivals.incidence(broken, other)[0] == pytest.approx(expected)


def test_cox_is_given_no_column_that_others_already_tell() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(100, 3)), columns=["a", "b", "c"])
    frame["c"] = frame["a"] + frame["b"]
    assert rivals.independent(frame) == ["a", "b"]


def test_a_deal_is_a_row_in_every_period_that_it_was_seen_through_or_ended_in() -> None:
    rows = pa.table({"x": [1.0, 2.0, 3.0], "days": [10.0, 20.0, 90.0], "event": [1, 0, 0]})
    x, what, landmark = predictors._periods(rows)
    # the first survives a week and breaks off; the second is lost from sight in the third period
    assert landmark.tolist() == [0, 1, 2, 0, 1, 2, 2, 2, 2]
    assert what.tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert x[:, 1].tolist() == [0, 0, 0, 1, 1, 1, 2, 3, 4]


def test_a_rival_that_is_fitted_when_asked_is_asked_once_for_its_order_and_its_probabilities() -> (
    None
):
    log, asked = small_log({"A": {}, "B": {}}, CALLS), ask(("A", 10), ("B", 10))
    questions = []

    class Slow:
        def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
            questions.append(snapshots)
            rows = snapshots.order_by("at", "deal_id").to_pyarrow()
            return predictors._answer(rows, np.full((2, 5), 0.1))

    fitted = predictors.InOrder("slow", lambda _log, _seed: Slow()).fit(log, seed=0)
    assert len(fitted.rank(log, asked)) == len(fitted.score(log, asked)) == 2
    assert len(questions) == 1


def test_plain_trees_learn_hazards_that_add_up() -> None:
    random = np.random.default_rng(1)
    x, days = random.uniform(size=2000), random.uniform(1, 90, size=2000)
    event = np.where(x > 0.5, 1, 2)
    columns = {"deal_id": ["A"] * 2000, "at": [datetime(2024, 1, 1, tzinfo=UTC)] * 2000}
    rows = pa.table({**columns, "x": x, "days": days, "event": event})
    trees = predictors.PlainTrees(Frame((), {}, ()), predictors.hazard_trees(rows, seed=0))
    found = trees.incidence(rows)
    assert np.all(np.diff(found, axis=1) >= 0)
    assert found.shape == (2000, len(HORIZONS_DAYS))
    assert found[x > 0.6, -1].min() > 0.8
    assert found[x < 0.4, -1].max() < 0.2


def test_tables_replace_the_marked_part_of_a_page_alone() -> None:
    page = f"# Foresight\n\n{survival.START}\nold\n{survival.END}\n\nWhat it says.\n"
    new = survival.spliced(page, "new\n\n")
    assert new == page.replace("old", "new")
    assert survival.spliced(new, "new") == new
    with pytest.raises(ValueError, match="add them"):
        survival.spliced("# Foresight\n", "new")


def _evaluation() -> Evaluation:
    now = datetime(2024, 6, 1, tzinfo=UTC)
    part = Part(None, now, 10, 100, {})
    good, bad = Figure(0.8, 0.7, 0.9), Figure(0.6, 0.5, 0.7)
    behind = Figure(-0.2, -0.3, -0.1)
    best = {"uno_c": Difference("cox", Figure(0.2, 0.1, 0.3))}
    ours = Performance("tsunagu", {"uno_c": good}, best, {}, None)
    cox = Performance("cox", {"uno_c": bad}, {}, {}, None, {"uno_c": behind})
    rule = Performance("rule", {"warned_7_at_5": bad}, {}, {}, None)
    return Evaluation(now, part, part, (30,), 2, {7: 1.0}, (ours, rule, cox), (), (), (), 0, 5)


def test_a_cell_tells_ours_minus_the_rival_in_bold_where_it_is_sure() -> None:
    text = tables.time_to_break_off(_evaluation())
    assert "0.600 (0.500–0.700)<br>**+0.200 (+0.100 to +0.300)**" in text
    assert "| **tsunagu** | 0.800 (0.700–0.900) |" in text


def test_the_best_comes_first_and_what_has_no_figure_is_left_out() -> None:
    lines = tables.time_to_break_off(_evaluation()).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| **tsunagu**", "| cox"]
    assert "AUC 30 d" not in lines[0]


def test_ours_stands_against_the_best_rival_of_each_figure() -> None:
    text = tables.against_the_best(_evaluation())
    assert "| Uno's C | 0.800 (0.700–0.900) | cox | **+0.200 (+0.100 to +0.300)** |" in text
