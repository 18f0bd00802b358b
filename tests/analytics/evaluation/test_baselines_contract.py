"""What every baseline keeps: seeded, row order irrelevant, no look into the future."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.baselines import default_baselines
from tsunagu.analytics.evaluation.labels import in_order
from tsunagu.analytics.evaluation.splitting import default_cut, snapshots_after
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate

BASELINES = default_baselines()
CUT_SHARE = 0.6


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    folder: Path = tmp_path_factory.mktemp("simulated") / "log"
    simulate(folder, deals=300, seed=5)
    return open_log(folder)


@pytest.fixture(scope="module")
def shuffled(log: EventLog) -> EventLog:
    def mixed(table: pa.Table) -> pa.Table:
        return table.take(np.random.default_rng(1).permutation(len(table)))

    con = ibis.duckdb.connect()
    events = con.create_table("events", mixed(log.events.to_pyarrow()))
    return replace(
        log, events=events, deals=con.create_table("deals", mixed(log.deals.to_pyarrow()))
    )


@pytest.fixture(scope="module")
def past(log: EventLog, shuffled: EventLog) -> tuple[EventLog, EventLog]:
    cut = default_cut(log, CUT_SHARE)
    return log.until(cut), shuffled.until(cut)


@pytest.fixture(scope="module")
def snapshots(log: EventLog) -> pa.Table:
    return in_order(snapshots_after(log, default_cut(log, CUT_SHARE)).to_pyarrow())


def test_every_baseline_has_a_name_of_its_own():
    assert len({b.name for b in BASELINES}) == len(BASELINES)


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda b: b.name)
def test_a_baseline_is_repeatable_and_knows_no_future(  # one test: fitting is what costs
    baseline, log, shuffled, past, snapshots
):
    fitted = baseline.fit(past[0], seed=0)
    answer = fitted.rank(log, ibis.memtable(snapshots))
    assert answer.num_rows == len(snapshots) > 100
    assert np.isfinite(answer["score"].to_numpy()).all()

    mixed = snapshots.take(np.random.default_rng(2).permutation(len(snapshots)))
    again = baseline.fit(past[1], seed=9).rank(shuffled, ibis.memtable(mixed))
    assert again.equals(answer), "row order or seed mattered"

    first = answer["at"][0].as_py()
    then = snapshots.filter(pc.equal(snapshots["at"], pa.scalar(first, snapshots["at"].type)))
    as_of_then = fitted.rank(log.until(first), ibis.memtable(then))
    assert as_of_then.equals(answer.slice(0, len(then))), "the future mattered"
