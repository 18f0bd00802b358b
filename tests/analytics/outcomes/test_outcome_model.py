"""The outcome model: how a deal will be decided, asked at any moment, of any event log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics import testing
from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog
from tsunagu.analytics.errors import InputError, NotEnoughHistoryError
from tsunagu.analytics.outcomes import OutcomeModel, Settings, sized

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 300
QUICK = Settings(rounds=15, leaves=7, leaf_rows=10, seeds=2, penalties=(0.1, 1.0), chain=(0.6, 0.8))


def make_log(deals: int = 260, seed: int = 0) -> EventLog:
    """Deals with talks both ways are won; those that only get calls out break off."""
    random = np.random.default_rng(seed)
    events: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    for i in range(deals):
        deal, born = f"d{i:04d}", START + timedelta(days=float(random.uniform(0, DAYS - 60)))
        answered = random.random() < 0.5
        rows.append({"deal_id": deal, "owner_id": f"o{i % 3}", "created_at": born, "size": 1.0 * i})
        for step in range(1, int(random.integers(3, 9))):
            events.append(
                {
                    "deal_id": deal,
                    "at": born + timedelta(days=step * 2, microseconds=i),
                    "kind": "call",
                    "direction": "both" if answered and step % 2 else "out",
                    "actor": f"o{i % 3}",
                }
            )
        end = {"kind": "outcome", "value": "won" if answered else "broken_off"}
        events.append({"deal_id": deal, "at": born + timedelta(days=20 + i % 9), **end})
    con = ibis.duckdb.connect()
    schema = DEAL_SCHEMA.append(pa.field("size", pa.float64()))
    return EventLog(
        con.create_table("events", pa.Table.from_pylist(events, schema=EVENT_SCHEMA)),
        con.create_table("deals", pa.Table.from_pylist(rows, schema=schema)),
        START + timedelta(days=DAYS),
    )


def after_each_call(log: EventLog) -> ibis.expr.types.Table:
    calls = log.events.filter(log.events.kind == "call")
    return calls.select("deal_id", "at")


@pytest.fixture(scope="module")
def log() -> EventLog:
    return make_log()


@pytest.fixture(scope="module")
def model(log: EventLog) -> OutcomeModel:
    return OutcomeModel.fit(log, after_each_call(log), settings=QUICK)


def test_deals_that_answer_are_told_from_those_that_do_not(model: OutcomeModel) -> None:
    unseen = make_log(seed=1)
    scores = model.score(unseen, after_each_call(unseen)).to_pandas()
    ends = unseen.outcomes().to_pandas().set_index("deal_id")["outcome"]
    won = scores.groupby("deal_id")["won"].last()
    assert won[ends[won.index] == "won"].mean() > 0.8
    assert won[ends[won.index] == "broken_off"].mean() < 0.2


def test_it_keeps_the_contract_of_every_model(log: EventLog, tmp_path: Path) -> None:
    def fit(known: EventLog, seed: int) -> OutcomeModel:
        return OutcomeModel.fit(known, after_each_call(known), settings=QUICK, seed=seed)

    testing.check_outcome_model(fit, OutcomeModel.load, log, after_each_call(log), tmp_path)


def test_an_unknown_step_person_or_value_is_no_error(model: OutcomeModel, log: EventLog) -> None:
    strange = log.events.mutate(actor=ibis.literal("stranger"), value=ibis.literal("new"))
    strange = strange.filter(strange.kind == "call")
    scores = model.score(replace(log, events=strange), after_each_call(log))
    assert np.isfinite(scores["won"].to_numpy()).all()


def test_a_moment_before_the_first_step_has_an_answer(model: OutcomeModel, log: EventLog) -> None:
    born = log.deals.select("deal_id", at="created_at")
    won = model.score(log, born)["won"].to_numpy()
    assert ((won > 0) & (won < 1)).all()


def test_a_deal_that_the_log_does_not_have_is_refused(model: OutcomeModel, log: EventLog) -> None:
    strange = after_each_call(log).mutate(deal_id=ibis.literal("nobody"))
    with pytest.raises(ValueError, match="does not have"):
        model.score(log, strange)


def test_too_few_decided_deals_are_refused_with_their_number(log: EventLog) -> None:
    few = log.until(START + timedelta(days=60))
    with pytest.raises(NotEnoughHistoryError, match="broken_off: "):
        OutcomeModel.fit(few, after_each_call(few), settings=QUICK)


def test_a_file_that_is_no_outcome_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text('{"format": "something else"}', encoding="utf-8")
    with pytest.raises(InputError, match="not an outcome model"):
        OutcomeModel.load(path)


def test_few_deals_are_asked_less_of_than_many() -> None:
    few, many = sized(300), sized(5_000)
    assert set(few.groups) < set(many.groups)
    assert few.leaves < many.leaves


def test_a_file_of_an_earlier_version_is_refused(model: OutcomeModel, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    model.save(path)
    earlier = path.read_text(encoding="utf-8").replace('"version": 2', '"version": 1')
    path.write_text(earlier, encoding="utf-8")
    with pytest.raises(InputError, match="Fit the model again"):
        OutcomeModel.load(path)


def test_trees_alone_need_no_chain(log: EventLog) -> None:
    alone = replace(QUICK, penalties=(), chain=(), seeds=1)
    model = OutcomeModel.fit(log, after_each_call(log), settings=alone)
    assert model.stack.linear == ()
    assert model.stack.blend.weights == (1.0,)
