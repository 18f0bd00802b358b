"""Everything that is computed from a log is the same on Spark as on DuckDB.

All in one file, so that one Spark serves them all however the tests are spread over processes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hard_logs import MADE, assert_alike, on_spark, simulated
from ibis.backends import BaseBackend
from logs import log_of, random_rows
from tests.analytics.backends.conftest import CLUSTER
from tests.cli.conftest import tsunagu

from tsunagu.analytics import testing
from tsunagu.analytics.backends import spark as spark_module
from tsunagu.analytics.backends.mapping import lies_on_executors, write_parquet
from tsunagu.analytics.backends.spark import check_executors
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.detection import Thresholds, detect_over
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.evaluation import risk_predictor
from tsunagu.analytics.evaluation.labels import label
from tsunagu.analytics.evaluation.values import deal_values
from tsunagu.analytics.eventlog.remote import open_remote_log
from tsunagu.analytics.eventlog.state import deal_states
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.features import (
    PreparedFeatures,
    after_each_event,
    current,
    fit_features,
    weekly,
)
from tsunagu.analytics.features.learned import learn
from tsunagu.analytics.lifecycle.fingerprint import fingerprint
from tsunagu.analytics.outcomes import sequences
from tsunagu.analytics.risk import RiskModel, inputs
from tsunagu.analytics.simulation import simulate
from tsunagu.cli.cluster import log_on

pytestmark = pytest.mark.spark

Pair = tuple[EventLog, EventLog]


@pytest.fixture(scope="module", params=[*MADE, "simulated"])
def pair(
    request: pytest.FixtureRequest, spark: BaseBackend, tmp_path_factory: pytest.TempPathFactory
) -> Pair:
    folder = tmp_path_factory.mktemp("log")
    name = request.param
    here = MADE[name]() if name in MADE else simulated(folder / "log")
    return here, on_spark(spark, here, folder / "there")


@pytest.mark.parametrize("take", [weekly, current, after_each_event])
def test_landmarks(pair: Pair, take: Callable[[EventLog], Any]) -> None:
    here, there = pair
    assert_alike(take(here), take(there), "deal_id", "at")


def test_every_feature(pair: Pair) -> None:
    fitted = fit_features(pair[0])
    found = [fitted.transform(log, weekly(log)) for log in pair]
    table = assert_alike(*found, "deal_id", "at")
    assert table.column_names == ["deal_id", "at", *fitted.names]


def test_what_is_learned_before_any_feature(pair: Pair) -> None:
    one, other = (learn(log).to_dict() for log in pair)
    assert _close(one, other)


def test_features_of_written_dates_after_each_event(spark: BaseBackend, tmp_path: Path) -> None:
    """Each broken date is the latest one once."""
    here = MADE["hard"]()
    there = on_spark(spark, here, tmp_path)
    every = fit_features(here)
    dated = [s.name for s in every.specs if s.group in {"next_step", "close_date"}]
    assert len(dated) > 4
    found = [every.select(dated).transform(x, after_each_event(x)) for x in (here, there)]
    assert_alike(*found, "deal_id", "at")


def test_labels(pair: Pair) -> None:
    one, other = (label(log, weekly(log)) for log in pair)
    assert one.deal_ids.equals(other.deal_ids)
    for name in ("deal", "at", "followed"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.labels.event, other.labels.event)
    np.testing.assert_array_equal(one.labels.days, other.labels.days)


def test_deal_histories(pair: Pair) -> None:
    here, there = pair
    assert_alike(here.outcomes(), there.outcomes(), "deal_id")
    assert_alike(deal_states(here), deal_states(there), "deal_id")
    one, other = (sequences.read(log) for log in pair)
    for field in fields(one):
        _assert_equal(getattr(one, field.name), getattr(other, field.name))
    assert fingerprint(here) == fingerprint(there)
    values = [deal_values(log, one.deal_ids) for log in pair]
    _assert_equal(*values)


def test_what_a_fit_reads(pair: Pair) -> None:
    one, other = (inputs.ends(log, weekly(log)) for log in pair)
    assert (one.landmarks, one.break_offs) == (other.landmarks, other.break_offs)
    np.testing.assert_array_equal(np.sort(one.ended_at), np.sort(other.ended_at))


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_close(one[k], other[k]) for k in one)
    if isinstance(one, tuple | list):
        pairs = zip(one, other, strict=True)
        return len(one) == len(other) and all(_close(a, b) for a, b in pairs)
    return bool(one == pytest.approx(other, rel=1e-9)) if isinstance(one, float) else one == other


def _assert_equal(one: Any, other: Any) -> None:
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, pa.Array):
        assert one.to_pylist() == other.to_pylist()
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            _assert_equal(one[name], other[name])
    else:
        assert one == other


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("organisation") / "log"
    simulate(folder, deals=250, seed=3)
    return folder


@pytest.fixture(scope="module")
def model(organisation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It learned from a share of the landmarks, on DuckDB."""
    file = tmp_path_factory.mktemp("model") / "team.tsunagu"
    done = tsunagu("fit", organisation, "--model", file, "--share", "0.5")
    assert done.exit_code == 0, done.output
    assert RiskModel.load(file).hazards.trees is not None
    return file


def test_the_executors_write_the_scores_that_duckdb_gives(
    spark: BaseBackend, organisation: Path, model: Path, tmp_path: Path
) -> None:
    into = tmp_path / "scores"
    asked = ("score", "--backend", CLUSTER, "--log", organisation, "-m", model, "--into", into)
    done = tsunagu(*asked, "--top", "5", "--json")
    assert done.exit_code == 0, done.output
    here = open_log(organisation)
    expected = RiskModel.load(model).as_of(here).score(here, current(here))
    assert_alike(expected, pq.read_table(into), "deal_id")
    shown = json.loads(done.stdout)
    assert shown["open"] == len(expected)
    alone = json.loads(tsunagu("score", organisation, "-m", model, "--top", "5", "--json").stdout)
    keys = ("deal_id", "stage", "broken_off_30")
    assert [[d[k] for k in keys] for d in shown["deals"]] == [
        pytest.approx([d[k] for k in keys]) for d in alone["deals"]
    ]
    with pytest.raises(TsunaguError, match="is there already"):
        write_parquet(spark.read_parquet(str(into)), str(into))


def test_a_fit_on_a_sample_learns_the_same_on_the_cluster(
    spark: BaseBackend, organisation: Path, model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "cluster.tsunagu"
    asked = ("fit", "--backend", CLUSTER, "--log", organisation, "--model", file)
    done = tsunagu(*asked, "--share", "0.5")
    assert done.exit_code == 0, done.output
    one, other = RiskModel.load(model), RiskModel.load(file)
    assert one.summary == other.summary
    assert one.windows == other.windows
    here = open_log(organisation)
    tables = [each.score(here, weekly(here)) for each in (one, other)]
    assert_alike(*tables, "deal_id", "at")


def test_without_a_sample_too_the_order_of_lists_is_chosen_here(
    spark: BaseBackend, organisation: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned, asked = RiskModel.load(model), []
    monkeypatch.setattr(RiskModel, "fit", lambda *_, **__: learned)
    monkeypatch.setattr(
        risk_predictor, "chosen_windows", lambda log, _: asked.append(log) or learned.windows
    )
    remote = open_remote_log(str(organisation), spark)

    assert risk_predictor.fit_in_order(remote).windows == learned.windows

    assert lies_on_executors(remote.events)
    assert not lies_on_executors(asked[0].events)
    assert asked[0].deals.count().to_pyarrow().as_py() == 250


def test_executors_of_another_python_are_named_with_a_remedy(
    spark: BaseBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_module, "_own_versions", lambda: {"Python": "2.7"})
    with pytest.raises(TsunaguError, match=r"Python 3\.\d+ instead of 2\.7") as caught:
        check_executors(spark)
    assert "PYSPARK_PYTHON" in caught.value.remedy


def test_a_log_that_is_not_there_is_named(spark: BaseBackend, model: Path, tmp_path: Path) -> None:
    into = tmp_path / "scores"
    for missing in ("s3a://no-such-bucket/log", str(tmp_path / "nothing")):
        asked = ("score", missing, "--backend", CLUSTER, "-m", model, "--into", into)
        done = tsunagu(*asked, "--lang", "en")
        assert done.exit_code == 1
        assert missing in done.output.replace("\n", "")
        assert "tsunagu read" in done.output.replace("\n", " ")
    assert not into.exists()


def test_signals(spark: BaseBackend, tmp_path: Path) -> None:
    here = log_of(*random_rows(1), until="2024-09-01")
    there = on_spark(spark, here, tmp_path)
    shipped = Thresholds.shipped()
    eager = replace(shipped, kinds={k: replace(t, cut=1e-6) for k, t in shipped.kinds.items()})
    found = [detect_over(log, weekly(log), eager) for log in (here, there)]
    assert len(found[0]) > 100
    assert testing._alike(*found)


def test_declared_gaps_are_what_they_say(spark: BaseBackend, tmp_path: Path) -> None:
    """Those that an engine shows; a gap that was closed leaves the table."""
    here = MADE["one_event"]()
    there = on_spark(spark, here, tmp_path)
    zones = [log.deals.created_at.to_pyarrow().type.tz for log in (here, there)]
    assert zones == ["UTC", None]
    with pytest.raises(TsunaguError, match="does not read the application's database"):
        log_on(spark, "sqlite:///tsunagu.sqlite3", None)
    assert PreparedFeatures.of.__doc__ is not None
    assert "embedded engine" in PreparedFeatures.of.__doc__
