"""Detection on Spark says what it says on DuckDB."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from logs import log_of, random_rows

from tsunagu.analytics import testing
from tsunagu.analytics.backends import connect
from tsunagu.analytics.detection import Thresholds, detect_over
from tsunagu.analytics.features import weekly

pytestmark = pytest.mark.spark


def test_signals_are_those_of_duckdb(tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("SPARK NOT TESTED: no Java; install openjdk-17-jre-headless")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("SPARK NOT TESTED: no PySpark; pip install 'tsunagu[spark]'")
    spark = connect("spark://local[1]")
    spark.raw_sql("SET spark.sql.shuffle.partitions=1")
    here = log_of(*random_rows(1), until="2024-09-01")
    tables = {}
    for name in ("events", "deals"):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(getattr(here, name).to_pyarrow(), path)
        tables[name] = spark.read_parquet(str(path))
    there = replace(here, **tables)
    shipped = Thresholds.shipped()
    eager = replace(shipped, kinds={k: replace(t, cut=1e-6) for k, t in shipped.kinds.items()})
    expected = detect_over(here, weekly(here), eager)
    found = detect_over(there, weekly(there), eager)
    assert len(expected) > 100
    assert testing._alike(found, expected)
    spark.disconnect()
