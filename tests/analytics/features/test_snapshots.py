"""When a deal is looked at: only while it is open, on a fixed calendar."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from logs import at, deal, event, log_of

from tsunagu.analytics.features import after_each_event, current, weekly


def _moments(table, deal_id="A"):
    rows = table.filter(table.deal_id == deal_id).to_pyarrow()["at"].to_pylist()
    return sorted(rows)


def test_a_deal_is_looked_at_every_monday_at_midnight_in_tokyo_until_it_ends() -> None:
    # 2024-03-04, -11, -18 and -25 are Mondays.
    log = log_of(
        [event("2024-03-18 00:00", "outcome", value="won")], [deal(created="2024-03-04 09:00")]
    )
    assert _moments(weekly(log)) == [at("2024-03-11")]


def test_a_deal_created_at_a_landmark_is_looked_at_there() -> None:
    log = log_of([event("2024-03-11 00:01", "outcome", value="lost")], [deal(created="2024-03-04")])
    assert _moments(weekly(log)) == [at("2024-03-04"), at("2024-03-11")]


def test_a_deal_still_open_is_looked_at_until_the_records_end_and_never_after() -> None:
    log = log_of([], [deal(created="2024-03-04")], until="2024-03-18")
    assert _moments(weekly(log)) == [at("2024-03-04"), at("2024-03-11"), at("2024-03-18")]
    assert _moments(weekly(log, end=at("2024-09-01"))) == _moments(weekly(log))


def test_start_and_end_bound_the_landmarks_but_do_not_move_them() -> None:
    log = log_of([], [deal(created="2024-03-01")], until="2024-04-30")
    found = _moments(weekly(log, start=at("2024-03-06"), end=at("2024-03-20")))
    assert found == [at("2024-03-11"), at("2024-03-18")]


def test_no_look_before_the_deal_belongs_to_the_task() -> None:
    log = log_of(
        [], [deal(created="2024-03-01", at_risk_from=at("2024-03-12"))], until="2024-03-20"
    )
    assert _moments(weekly(log)) == [at("2024-03-18")]


def test_mondays_stay_at_local_midnight_through_summer_time() -> None:
    log = log_of([], [deal(created="2024-03-01")], until="2024-04-20", time_zone="Europe/Berlin")
    local = [m.astimezone(ZoneInfo("Europe/Berlin")) for m in _moments(weekly(log))]
    assert len(local) == 7
    assert all(m.weekday() == 0 and m.hour == 0 for m in local)


def test_other_steps_than_a_week() -> None:
    log = log_of([], [deal(created="2024-03-01")], until="2024-03-31")
    found = _moments(weekly(log, every_days=14))
    assert {b - a for a, b in pairwise(found)} == {timedelta(days=14)}


def test_the_current_look_holds_each_open_deal_once() -> None:
    log = log_of(
        [event("2024-03-05", "outcome", deal="B", value="won")],
        [deal("A"), deal("B"), deal("C", created="2024-07-01")],
        until="2024-06-30",
    )
    assert current(log).to_pyarrow().to_pylist() == [{"deal_id": "A", "at": at("2024-06-30")}]


def test_a_look_after_each_event_while_the_deal_is_open() -> None:
    log = log_of(
        [
            event("2024-03-05 10:00", "call"),
            event("2024-03-06 10:00", "note"),
            event("2024-03-07 10:00", "outcome", value="won"),
            event("2024-03-08 10:00", "note"),
        ],
        [deal(at_risk_from=at("2024-03-06"))],
    )
    assert _moments(after_each_event(log)) == [at("2024-03-06 10:00")]


def test_a_log_without_deals_has_no_looks() -> None:
    log = log_of([], [])
    assert weekly(log).count().to_pyarrow().as_py() == 0
    assert current(log).count().to_pyarrow().as_py() == 0
