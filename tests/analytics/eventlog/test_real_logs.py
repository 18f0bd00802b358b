"""The public data sets read as their mappings say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.real_data import real_data

from tsunagu.analytics.contracts import Outcome
from tsunagu.analytics.eventlog.reader import ReadReport, read_log

MAPPINGS = Path(__file__).resolve().parents[3] / "benchmarks" / "mappings"


def counts(report: ReadReport) -> tuple[int, int, int, int]:
    won, broken_off, lost = (report.outcomes[outcome] for outcome in Outcome)
    return won, broken_off, lost, report.open_deals


def assert_contract(folder: Path) -> None:
    events = pq.read_table(folder / "events.parquet")
    deals = pq.read_table(folder / "deals.parquet")
    pairs = events.group_by(["deal_id", "at"]).aggregate([([], "count_all")])
    assert len(pairs) == len(events)
    assert pc.all(pc.is_in(events.column("deal_id"), deals.column("deal_id"))).as_py()
    created = deals.column("created_at").take(
        pc.index_in(events.column("deal_id"), deals.column("deal_id"))
    )
    assert pc.all(pc.greater_equal(events.column("at"), created)).as_py()


@pytest.mark.real
def test_bpi_challenge_2012(tmp_path: Path) -> None:
    source = real_data("bpic2012/BPI_Challenge_2012.xes.gz")
    report = read_log([source], MAPPINGS / "bpic2012.toml", tmp_path / "log")
    assert report.deals == 13_087
    assert counts(report) == (2246, 2807, 7635, 399)
    assert report.rejected_rows == 0
    assert report.events == 262_200 + 13_087 - 4_492  # the amounts; two of three won events less
    assert report.observed_until == datetime(2012, 3, 14, 15, 4, 54, 681_000, tzinfo=UTC)
    assert_contract(tmp_path / "log")


@pytest.mark.real
def test_a_schools_crm(tmp_path: Path) -> None:
    sources = [real_data(f"school_crm/{name}") for name in ("deals.csv", "calls.csv.gz")]
    report = read_log(sources, MAPPINGS / "school_crm.toml", tmp_path / "log")
    assert report.deals == sum(counts(report))
    assert counts(report) == (337, 2740, 1603, 1224)
    assert report.rejected_rows == 1408 + 20 + 2
    assert any("1,408 rows rejected: the deal has a final stage" in n for n in report.notices)
    deals = pq.read_table(tmp_path / "log" / "deals.parquet")
    assert deals.column_names[5:] == ["source"]
    assert deals.column("at_risk_from").null_count == 0
    assert_contract(tmp_path / "log")


@pytest.mark.real
def test_a_hardware_sellers_crm(tmp_path: Path) -> None:
    source = real_data("maven_crm/sales_pipeline.csv")
    report = read_log([source], MAPPINGS / "maven_crm.toml", tmp_path / "log")
    assert counts(report) == (4238, 0, 2473, 1589)
    assert report.rejected_rows == 500
    products = pq.read_table(tmp_path / "log" / "deals.parquet").column("product").unique()
    assert "GTX Pro" in products.to_pylist()
    assert "GTXPro" not in products.to_pylist()
    assert_contract(tmp_path / "log")
