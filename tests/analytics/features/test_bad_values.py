"""Where a record is missing or wrong, features say unknown and never nonsense."""

from __future__ import annotations

from datetime import date

import ibis
import pytest
from logs import deal, event, log_of, row_at

from tsunagu.analytics.features import FittedFeatures
from tsunagu.analytics.features.clock import FIRST_DAY, day_number
from tsunagu.analytics.features.learned import learn
from tsunagu.analytics.features.recipe import candidates


def features_at(log, when: str):
    learned = learn(log)
    fitted = FittedFeatures(learned, tuple(f.spec.name for f in candidates(learned)))
    return row_at(log, when, fitted=fitted)


def test_a_plan_without_a_readable_date_is_no_plan() -> None:
    for value in (None, "", "来週", "2024-02-30"):
        row = features_at(
            log_of([event("2024-01-05", "planned", value=value)], [deal()]), "2024-01-08"
        )
        assert row["has_next_step"] == 0
        assert row["next_step_overdue_days"] is None


def test_an_unreadable_close_date_is_unknown_and_pushes_nothing() -> None:
    log = log_of(
        [
            event("2024-01-05", "close_date", value="2024-02-01"),
            event("2024-01-06", "close_date", value="未定"),
        ],
        [deal()],
    )
    row = features_at(log, "2024-01-08")
    assert row["days_to_close_date"] is None
    assert (row["close_date_pushes"], row["close_date_pushed_days"]) == (0, 0)


def test_an_amount_that_is_missing_or_zero_gives_no_ratio() -> None:
    for first in (None, 0.0):
        log = log_of(
            [
                event("2024-01-05", "amount", amount=first),
                event("2024-01-06", "amount", amount=100.0),
            ],
            [deal()],
        )
        row = features_at(log, "2024-01-08")
        assert (row["amount_now"], row["amount_change_ratio"], row["amount_cuts"]) == (100, None, 0)


def test_a_change_of_owner_that_names_nobody_changes_nothing() -> None:
    log = log_of(
        [
            event("2024-01-05", "owner", value="suzuki"),
            event("2024-01-06", "owner", value=None),
            event("2024-01-07", "owner", value="suzuki"),
        ],
        [deal(), deal("B", owner_id="suzuki")],
    )
    row = features_at(log, "2024-01-08")
    assert (row["owner_changes"], row["days_since_owner_change"]) == (1, 3)
    assert row["owner_open_deals"] == 2
    assert row["owner_events_30"] == 0


def test_a_deal_without_an_owner_has_no_load() -> None:
    row = features_at(log_of([event("2024-01-05", "note")], [deal(owner_id=None)]), "2024-01-08")
    assert row["owner_open_deals"] is None
    assert row["owner_events_30"] is None


def test_a_first_owner_named_later_is_a_change_only_of_the_load() -> None:
    log = log_of([event("2024-01-05", "owner", value="sato")], [deal(owner_id=None)])
    row = features_at(log, "2024-01-08")
    assert (row["owner_changes"], row["owner_open_deals"]) == (0, 1)


def test_a_stage_without_a_name_is_unknown() -> None:
    log = log_of([event("2024-01-05", "stage", value=None)], [deal()], stages=("提案",))
    row = features_at(log, "2024-01-08")
    assert row["stage"] == -1
    assert row["stage_position"] is None


@pytest.mark.parametrize(
    "written", ["2024", "2024-03", "epoch", "infinity", "20240304", "-2024-3-4"]
)
def test_what_only_some_engine_takes_for_a_date_is_none(written: str) -> None:
    table = ibis.memtable({"due": [written]})
    assert day_number(table.due).to_pyarrow().to_pylist() == [None]


@pytest.mark.parametrize("written", ["2024-03-04", " 2024-3-4 ", "2024/03/04", "2024-03-04 10:00"])
def test_a_date_may_be_written_with_a_time_or_with_slashes(written: str) -> None:
    table = ibis.memtable({"due": [written]})
    days = (date(2024, 3, 4) - FIRST_DAY).days
    assert day_number(table.due).to_pyarrow().to_pylist() == [days]
