"""Every detector passes the contract: row order, no look ahead, alone or among others, to JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from logs import log_of, random_rows

from tsunagu.analytics import testing
from tsunagu.analytics.contracts import (
    EventLog,
    Outcome,
    SignalKind,
    incidence_column,
    score_schema,
)
from tsunagu.analytics.detection import Threshold, Thresholds, detect, detect_over
from tsunagu.analytics.features import weekly

EVERYTHING = {kind: replace(t, cut=1e-6) for kind, t in Thresholds.shipped().kinds.items()}


@pytest.fixture(scope="module")
def eager() -> Thresholds:
    """Thresholds so low that every kind speaks wherever it has anything to measure."""
    return replace(Thresholds.shipped(), kinds=EVERYTHING)


@pytest.fixture(scope="module")
def scores(simulated: EventLog) -> pa.Table:
    """A made-up risk that rises and falls, a score at every look."""
    keys = weekly(simulated).to_pyarrow().combine_chunks()
    week = pc.divide(keys["at"].cast(pa.int64()), 7 * 86_400_000_000)
    wave = pc.add(0.4, pc.multiply(0.3, pc.sin(week.cast(pa.float64()))))
    columns = {
        name: pa.nulls(len(keys), pa.float64()).fill_null(0.0) for name in score_schema().names
    }
    columns |= {"deal_id": keys["deal_id"], "at": keys["at"]}
    columns[incidence_column(Outcome.BROKEN_OFF, 30)] = wave
    return pa.table(columns).cast(score_schema())


@pytest.fixture(scope="module")
def everything(simulated: EventLog, eager: Thresholds, scores: pa.Table) -> pa.Table:
    return detect_over(simulated, weekly(simulated), eager, scores=scores)


@pytest.mark.parametrize("kind", list(SignalKind))
def test_each_kind_speaks_in_the_simulated_organisation(
    kind: SignalKind, everything: pa.Table
) -> None:
    assert kind.value in everything["kind"].to_pylist()


def test_all_detectors_keep_the_contract(
    simulated: EventLog, eager: Thresholds, scores: pa.Table
) -> None:
    again = Thresholds.from_dict(json.loads(json.dumps(eager.to_dict())))
    assert again == eager

    def find(limits: Thresholds) -> testing.Find:
        return lambda log, looks: detect_over(log, looks, limits, scores=scores)

    testing.check_detector(find(eager), simulated, _every(weekly(simulated)), find(again))


@pytest.mark.parametrize("seed", range(2))
def test_the_contract_holds_on_records_in_any_disorder(seed: int, eager: Thresholds) -> None:
    log = log_of(*random_rows(seed), until="2024-09-01")
    testing.check_detector(lambda log, looks: detect_over(log, looks, eager), log, weekly(log))


def test_a_detector_that_looks_ahead_is_caught(simulated: EventLog, eager: Thresholds) -> None:
    def prophet(log: EventLog, looks: ir.Table) -> pa.Table:
        found = detect_over(log, looks, eager)
        ended = log.outcomes().to_pyarrow()["deal_id"].combine_chunks()
        return found.filter(pc.is_in(found["deal_id"], value_set=ended))

    with pytest.raises(AssertionError, match="after it"):
        testing.check_no_foresight(prophet, simulated, weekly(simulated))


def test_one_deal_alone_is_seen_as_among_all(simulated: EventLog, eager: Thresholds) -> None:
    whole = detect(simulated, thresholds=eager)
    deal = whole["deal_id"][len(whole) // 2].as_py()
    alone = replace(
        simulated,
        events=simulated.events.filter(simulated.events.deal_id == deal),
        deals=simulated.deals.filter(simulated.deals.deal_id == deal),
    )
    own = whole.filter(pc.equal(whole["deal_id"], deal))
    assert detect(alone, thresholds=eager).equals(own.combine_chunks())


def test_a_log_without_open_deals_or_without_events_has_no_signals() -> None:
    assert len(detect(log_of([], []))) == 0
    lonely = log_of([], [{"deal_id": "A", "created_at": log_of([], []).observed_until}])
    assert len(detect(lonely)) == 0


def test_the_strength_does_not_depend_on_the_cut() -> None:
    low, high = Threshold(0.1, 2.0), Threshold(5.0, 2.0)
    measure = pa.array([0.5, 2.0, 9.0]).to_numpy()
    assert (low.strength(measure) == high.strength(measure)).all()
    assert low.strength(measure)[1] == 0.5


def _every(snapshots: ir.Table) -> ir.Table:
    """A quarter of the looks keeps the checks quick."""
    return snapshots.filter(snapshots.deal_id.right(1).isin(["0", "3", "6"]))
