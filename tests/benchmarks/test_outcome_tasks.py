"""The outcome benchmark asks only what could be asked, and learns only from what came before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from benchmarks.foresight import published, tasks
from benchmarks.foresight.tasks import Task

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog

START = datetime(2012, 1, 1, tzinfo=UTC)
STEPS = ("A_SUBMITTED", "O_CREATED", "O_SENT", "W_call", "A_CANCELLED", "O_CANCELLED", "W_call")


def offers_log() -> EventLog:
    """Ten cases, one begun each day, a step every half day; the last two are never decided."""
    events, deals = [], []
    for case in range(10):
        born = START + timedelta(days=case)
        deals.append({"deal_id": f"c{case}", "created_at": born, "amount_requested": 1000.0 * case})
        for number, step in enumerate(STEPS[: 7 if case < 8 else 4]):
            at, name = born + timedelta(hours=12 * number), f"{step}+COMPLETE"
            events.append({"deal_id": f"c{case}", "at": at, "kind": "activity", "value": name})
    con = ibis.duckdb.connect()
    schema = DEAL_SCHEMA.append(pa.field("amount_requested", pa.float64()))
    return EventLog(
        con.create_table("events", pa.Table.from_pylist(events, schema=EVENT_SCHEMA)),
        con.create_table("deals", pa.Table.from_pylist(deals, schema=schema)),
        START + timedelta(days=20),
    )


@pytest.fixture(scope="module")
def asked() -> tuple[Task, np.ndarray]:
    return tasks.bpi2012(offers_log(), validate=False)


def test_cases_without_a_final_offer_event_are_left_out(asked: tuple[Task, np.ndarray]) -> None:
    assert set(asked[0].moments.deal) == set(range(8))


def test_leak_free_prefixes_end_before_the_application_is_decided(
    asked: tuple[Task, np.ndarray],
) -> None:
    task, undecided = asked
    assert task.place[undecided].max() == STEPS.index("A_CANCELLED")


def test_the_first_cases_teach_what_they_did_before_the_first_test_case(
    asked: tuple[Task, np.ndarray],
) -> None:
    task = asked[0]
    assert set(task.moments.deal[task.test]) == {6, 7}
    assert task.moments.at[task.train].max() < task.moments.at[task.test].min()


def test_validation_has_no_test_case_and_no_event_after_the_cut() -> None:
    whole, inner = (tasks.bpi2012(offers_log(), validate=v)[0] for v in (False, True))
    assert not set(inner.moments.deal) & set(whole.moments.deal[whole.test])
    assert inner.moments.at.max() < whole.cut.timestamp()


def test_aggregation_counts_levels_and_last_state_shows_only_the_latest(
    asked: tuple[Task, np.ndarray],
) -> None:
    task = asked[0]
    columns = published.columns(task.steps, "amount_requested")
    wide = published.aggregation(columns, task.moments)
    last = published.last_state(columns, task.moments)
    levels = sum(len(np.unique(level)) for level in columns.levels)
    assert (wide[:, 1 : levels + 1].sum(axis=1) == 3 * task.place).all()
    assert (last[:, 1 : levels + 1].sum(axis=1) == 3).all()
    assert wide[:, 0].tolist() == (1000.0 * task.moments.deal).tolist()


def test_running_extremes_do_not_cross_from_one_case_to_the_next(
    asked: tuple[Task, np.ndarray],
) -> None:
    task = asked[0]
    columns = published.columns(task.steps, "amount_requested")
    number = 3  # the event's own number
    levels = sum(len(np.unique(level)) for level in columns.levels)
    greatest = published.aggregation(columns, task.moments)[:, 1 + levels + 5 * number + 1]
    assert greatest.tolist() == task.place.tolist()


def test_a_decided_case_stands_for_those_that_were_followed_too_briefly() -> None:
    log = offers_log()
    task = tasks.bpi2012(replace(log, observed_until=START + timedelta(days=9.5)), validate=False)[
        0
    ]
    stands = tasks.completing(task)
    assert set(task.moments.deal[task.test]) == {6, 7}
    assert stands[[6, 7]] == pytest.approx(
        2
    )  # decided after 2 days, as long as 2 of 4 are followed


def test_where_later_decisions_are_told_nobody_stands_for_another() -> None:
    task = tasks.bpi2012(offers_log(), validate=True)[0]
    assert (tasks.completing(task) == 1).all()
