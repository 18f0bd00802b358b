"""The small engine says of few deals what the embedded one says of all, to the bit."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from hard_logs import DATES, MADE, assert_alike, simulated
from logs import log_of, random_rows

from tsunagu.analytics.backends import SmallEngine
from tsunagu.analytics.backends.instants import epoch_day
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import FittedFeatures, PreparedFeatures, current, fit_features

MONTH = timedelta(days=31)
CALENDAR = (
    "2024-02-30", "2024-2-29", "2023-02-29", "1900-02-29", "2000-02-29", "0000-02-29", "0000-01-01",
    "0001-01-01", "0400-02-29", "9999-12-31", "9999-13-01", "1969-12-31", "1970-01-01", "--", None,
)  # fmt: skip


def prepared_for(log: EventLog, recipe: FittedFeatures) -> PreparedFeatures:
    schema, last = log.deals.to_pyarrow().schema, log.observed_until
    return PreparedFeatures.of(recipe, schema, last - MONTH, last + MONTH, log.time_zone)


def tables(log: EventLog) -> tuple[pa.Table, pa.Table, pa.Table]:
    return log.events.to_pyarrow(), log.deals.to_pyarrow(), current(log).to_pyarrow()


def by_the_day() -> EventLog:
    """Many events of a deal at one instant, as where days are all that is known."""
    events, deals = random_rows(6, deals=12)
    for row in events:
        row["at"] = row["at"].replace(day=1 + row["at"].day // 10 * 9, hour=3, minute=0)
    return log_of(events, deals, until="2024-06-01")


@pytest.mark.parametrize("name", [*MADE, "by_the_day", "simulated"])
def test_one_deal_at_a_time_is_the_same_as_all_at_once(name: str, tmp_path: Path) -> None:
    more = {"by_the_day": by_the_day, "simulated": lambda: simulated(tmp_path)}
    log = (MADE | more)[name]()
    log = log.until(log.observed_until)
    recipe = fit_features(log)
    events, deals, asked = tables(log)
    prepared = prepared_for(log, recipe)

    alone = [prepared.transform(events, deals, asked.slice(i, 1)) for i in range(len(asked))]
    found = pa.concat_tables([prepared.transform(events, deals, asked.slice(0, 0)), *alone])

    expected = recipe.transform(log, current(log)).to_pyarrow()
    assert found.schema.equals(expected.schema)
    in_order = [("deal_id", "ascending")]
    assert found.sort_by(in_order).equals(expected.sort_by(in_order))


def test_the_order_of_rows_means_nothing() -> None:
    log = by_the_day()
    recipe = fit_features(log)
    prepared = prepared_for(log, recipe)
    events, deals, asked = tables(log)
    rows = list(range(len(events)))
    random.Random(1).shuffle(rows)  # noqa: S311
    one, other = (prepared.transform(e, deals, asked) for e in (events, events.take(rows)))
    assert_alike(one, other, "deal_id")


def test_threads_that_share_it_do_not_mix_their_deals() -> None:
    log = log_of(*random_rows(3), until="2024-06-01")
    prepared = prepared_for(log, fit_features(log))
    events, deals, asked = tables(log)
    places = list(range(len(asked))) * 8
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda i: prepared.transform(events, deals, asked.slice(i, 1)), places)
        )
    ids = asked["deal_id"].to_pylist()
    assert [table["deal_id"].to_pylist() for table in found] == [[ids[i]] for i in places]


def test_days_are_those_of_the_embedded_engine() -> None:
    engine = SmallEngine()
    schema = pa.schema([("written", pa.string())])
    here = engine.create("days", ibis.Schema.from_pyarrow(schema))
    written = pa.table({"written": [*CALENDAR, *(d for d in DATES if d[:4].isascii())]}, schema)
    written = written.filter(pa.compute.match_substring_regex(written["written"], r"^\d+-\d+-\d+$"))
    engine.put("days", written)
    sql = engine.connection.compile(here.select(day=epoch_day(here.written)))
    there = ibis.memtable(written)
    expected = there.select(day=epoch_day(there.written)).to_pyarrow()["day"].to_pylist()
    assert engine.ask(sql, pa.schema([("day", pa.int64())]))["day"].to_pylist() == expected
    assert None in expected
