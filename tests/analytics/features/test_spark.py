"""The same expressions on Spark give what DuckDB gives."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ibis.backends import BaseBackend
from logs import log_of, random_rows, rows_of

from tsunagu.analytics.backends import connect
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import after_each_event, current, fit_features, weekly

pytestmark = pytest.mark.spark

OF_EACH_FAMILY = (
    "days_since_created",
    "any_7",
    "outbound_90",
    "days_since_call",
    "silence_vs_rhythm",
    "unanswered_outbound",
    "stage",
    "stage_days_rank",
    "close_date_pushed_days",
    "next_step_overdue_days",
    "amount_change_ratio",
    "owner_met_customer",
    "owner_open_deals",
    "owner_events_30",
    "contacts_known",
    "attr:industry",
    "business_days_7",
    "last_step",
)
"""Spark takes seconds to plan each wide table: one feature or two of every source are enough."""


@pytest.fixture(scope="module")
def spark() -> Iterator[BaseBackend]:
    if shutil.which("java") is None:
        pytest.skip("SPARK NOT TESTED: no Java; install openjdk-17-jre-headless")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("SPARK NOT TESTED: no PySpark; pip install 'tsunagu[spark]'")
    connection = connect("spark://local[1]")
    connection.raw_sql("SET spark.sql.shuffle.partitions=1")
    yield connection
    connection.disconnect()


def _on(spark: BaseBackend, log: EventLog, folder: Path) -> EventLog:
    for name in ("events", "deals"):
        pq.write_table(getattr(log, name).to_pyarrow(), folder / f"{name}.parquet")
    return replace(
        log,
        events=spark.read_parquet(str(folder / "events.parquet")),
        deals=spark.read_parquet(str(folder / "deals.parquet")),
    )


def test_snapshots_and_features_are_those_of_duckdb(spark: BaseBackend, tmp_path: Path) -> None:
    here = log_of(*random_rows(1), until="2024-09-01")
    there = _on(spark, here, tmp_path)
    for take in (weekly, current):
        assert rows_of(take(there)) == rows_of(take(here))
    fitted = fit_features(here).select(OF_EACH_FAMILY)
    expected = rows_of(fitted.transform(here, weekly(here)))
    assert rows_of(fitted.transform(there, weekly(there))) == expected


def test_looks_after_each_event_are_those_of_duckdb(spark: BaseBackend, tmp_path: Path) -> None:
    here = log_of(*random_rows(1), until="2024-09-01")
    there = _on(spark, here, tmp_path)
    fitted = fit_features(here).select(["any_7"])
    expected = rows_of(fitted.transform(here, after_each_event(here)))
    assert rows_of(fitted.transform(there, after_each_event(there))) == expected
