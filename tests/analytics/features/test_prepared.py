"""Prepared features say what the others say, only sooner."""

from __future__ import annotations

from datetime import timedelta

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from logs import at, log_of, random_rows, rows_of

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.features import FittedFeatures, PreparedFeatures, current, fit_features

MONTH = timedelta(days=31)


def prepared_for(log: EventLog, recipe: FittedFeatures) -> PreparedFeatures:
    first = log.observed_until - MONTH
    schema = log.deals.to_pyarrow().schema
    return PreparedFeatures.of(recipe, schema, first, first + 2 * MONTH, log.time_zone)


def known(log: EventLog) -> tuple[pa.Table, pa.Table, pa.Table]:
    return log.events.to_pyarrow(), log.deals.to_pyarrow(), current(log).to_pyarrow()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin"])
def test_prepared_features_are_the_same_for_one_log_after_another(zone: str) -> None:
    log = log_of(*random_rows(3), until="2024-06-01", time_zone=zone)
    recipe = fit_features(log)
    prepared = prepared_for(log, recipe)
    for moment in (log.observed_until, log.observed_until - timedelta(days=9)):
        then = log.until(moment)
        expected = recipe.transform(then, current(then))
        found = prepared.transform(*known(then))
        assert found.num_rows > 3
        assert found.schema.equals(expected.to_pyarrow().schema)
        assert rows_of(ibis.memtable(found)) == rows_of(expected)


def test_a_single_deal_is_the_same_as_among_all() -> None:
    log = log_of(*random_rows(5), until="2024-06-01")
    recipe = fit_features(log)
    prepared = prepared_for(log, recipe.select([n for n in recipe.names if "owner" not in n]))
    events, deals, asked = known(log)
    everything = prepared.transform(events, deals, asked)
    one = asked["deal_id"][0]
    alone = [t.filter(pc.equal(t["deal_id"], one)) for t in (events, deals, asked)]
    mine = everything.filter(pc.equal(everything["deal_id"], one))
    assert prepared.transform(*alone).to_pylist() == mine.to_pylist()


def test_what_was_not_prepared_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(*random_rows(3), until="2024-06-01")
    prepared = prepared_for(log, fit_features(log).select(["any_7"]))
    events, deals, asked = known(log)
    late = asked.set_column(1, asked.field(1), pa.array([at("2025-01-01")] * len(asked)))
    with pytest.raises(TsunaguError, match="were not prepared for"):
        prepared.transform(events, deals, late.cast(asked.schema))
    monkeypatch.setattr("tsunagu.analytics.features.prepared.MOST_EVENTS", 5)
    with pytest.raises(TsunaguError, match="too many to be looked at"):
        prepared.transform(events, deals, asked)
