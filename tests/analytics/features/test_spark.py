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
    for take in (weekly, current, after_each_event):
        assert rows_of(take(there)) == rows_of(take(here))
    fitted = fit_features(here)
    looks = weekly(there)
    assert rows_of(fitted.transform(there, looks)) == rows_of(fitted.transform(here, weekly(here)))
