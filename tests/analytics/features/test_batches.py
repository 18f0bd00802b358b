"""A log that is read some deals at a time gives the very same features."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from logs import deal, event, log_of, random_rows, snapshots_at

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.features import (
    FittedFeatures,
    after_each_event,
    current,
    feature_tables,
    fit_features,
    weekly,
)

Looks = Callable[[EventLog], ir.Table]


def some_weeks(log: EventLog) -> ir.Table:
    """Landmarks with gaps: a sample."""
    weeks = weekly(log)
    return weeks.filter((weeks["at"].epoch_seconds() // 604_800) % 3 != 0)


def in_order(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).sort_by([("deal_id", "ascending"), ("at", "ascending")])


@pytest.mark.parametrize("looks", [weekly, current, after_each_event, some_weeks])
def test_many_batches_give_the_bits_of_one(looks: Looks) -> None:
    log = log_of(*random_rows(8, deals=16), until="2024-04-15", time_zone="Europe/Berlin")
    recipe = fit_features(log)
    assert {"owner_open_deals", "owner_events_30"} <= {*recipe.names}
    whole = recipe.transform(log, looks(log)).to_pyarrow()
    parts = list(feature_tables(recipe, log, looks(log), most_events=160))
    assert len(parts) >= 2
    ids = [part["deal_id"].to_pylist() for part in parts]
    assert all(max(before) < min(after) for before, after in pairwise(ids))
    assert in_order(parts).equals(in_order([whole]))


def test_the_load_is_not_asked_for_where_no_feature_reads_it() -> None:
    log = log_of(*random_rows(2), until="2024-06-01")
    recipe = fit_features(log).select(["any_7", "stage"])
    parts = list(feature_tables(recipe, log, weekly(log), most_events=80))
    assert in_order(parts).equals(in_order([recipe.transform(log, weekly(log)).to_pyarrow()]))


def test_a_deal_without_events_and_one_with_more_than_a_batch_are_there() -> None:
    busy = [event(f"2024-01-{d:02}", "call", "B", direction="in") for d in range(2, 20)]
    log = log_of(busy, [deal("A"), deal("B"), deal("C", owner_id=None)], until="2024-02-01")
    recipe = fit_features(log)
    found = in_order(list(feature_tables(recipe, log, current(log), most_events=5)))
    assert found["deal_id"].to_pylist() == ["A", "B", "C"]
    assert found.equals(in_order([recipe.transform(log, current(log)).to_pyarrow()]))


def test_a_snapshot_of_an_unknown_deal_is_refused_in_batches_too() -> None:
    log = log_of(*random_rows(2), until="2024-06-01")
    recipe: FittedFeatures = fit_features(log)
    stray = snapshots_at(("D1", "2024-05-01"), ("nobody", "2024-05-01"))
    with pytest.raises(TsunaguError, match="deals that the log does not hold"):
        list(feature_tables(recipe, log, stray, most_events=80))


def test_tables_of_a_batch_are_dropped_before_the_next() -> None:
    """Else the memory would grow with the log after all."""
    log = log_of(*random_rows(4, deals=16), until="2024-06-01")
    engine = ibis.get_backend(log.events)
    recipe = fit_features(log)
    counts = [
        sum(name.startswith("ibis_cached") for name in engine.list_tables())
        for _ in feature_tables(recipe, log, weekly(log), most_events=100)
    ]
    assert len(counts) >= 3
    assert len(set(counts)) == 1


def test_batches_cover_a_log_cut_off_in_time() -> None:
    log = log_of(*random_rows(6, deals=20), until="2024-06-01")
    then = log.until(log.observed_until - timedelta(days=30))
    recipe = fit_features(log)
    found = in_order(list(feature_tables(recipe, then, current(then), most_events=80)))
    assert found.equals(in_order([recipe.transform(then, current(then)).to_pyarrow()]))
