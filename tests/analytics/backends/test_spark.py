"""Everything that is computed from a log is the same on Spark as on DuckDB.

All in one file, so that one Spark serves them all however the tests are spread over processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hard_logs import MADE, assert_alike, on_spark, simulated
from ibis.backends import BaseBackend

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.labels import label
from tsunagu.analytics.evaluation.values import deal_values
from tsunagu.analytics.eventlog.state import deal_states
from tsunagu.analytics.features import after_each_event, current, fit_features, weekly
from tsunagu.analytics.features.learned import learn
from tsunagu.analytics.lifecycle.fingerprint import fingerprint
from tsunagu.analytics.outcomes import sequences
from tsunagu.analytics.risk import inputs

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
