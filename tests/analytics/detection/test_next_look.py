"""When to look next: never too late, and only where waiting can matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from logs import at, deal, event, log_of, random_rows

from tsunagu.analytics.contracts import EventLog, SignalKind
from tsunagu.analytics.detection import Thresholds, detect, next_look

Key = tuple[str, str, datetime]


def keys(table: pa.Table) -> set[Key]:
    return set(zip(*(table[name].to_pylist() for name in ("deal_id", "kind", "at")), strict=True))


def frozen(log: EventLog, until: datetime) -> EventLog:
    """The log as it would stand much later if nothing more happened after ``until``."""
    return replace(log.until(until), observed_until=until + timedelta(days=900))


@pytest.mark.parametrize("seed", range(3))
def test_waiting_raises_nothing_new_before_the_next_look(seed: int) -> None:
    events, deals = random_rows(seed, deals=25)
    events = [e for e in events if e["kind"] != "outcome"]
    for number, row in enumerate(events):  # some words for the lexicon, good and bad
        if row["kind"] in {"note", "email"}:
            row["text"] = ("前向きに検討", "反応が鈍い", "担当者様が異動", "予定通り")[number % 4]
    start = at("2024-04-10 15:00")
    log = frozen(log_of(events, deals, until="2024-09-01"), start)
    seen, moment = keys(detect(log, start)), start
    due = dict(zip(*next_look(log, start).to_pydict().values(), strict=True))
    assert any(due.values())
    for _ in range(45):
        moment += timedelta(hours=41)
        now = keys(detect(log, moment))
        early = {key for key in now - seen if due[key[0]] is None or due[key[0]] > moment}
        assert early == set()


def test_at_the_next_look_the_signal_is_there_and_a_moment_before_it_is_not() -> None:
    calls = [event(f"2024-01-{day} 10:00", "call", direction="both") for day in (15, 22, 29)]
    log = frozen(log_of(calls, [deal(created="2024-01-15")]), at("2024-01-29 11:00"))
    moment = at("2024-01-29 11:00")
    raised: list[str] = []
    for _ in range(3):
        following = next_look(log, moment)["next_look"][0].as_py()
        assert following > moment
        before = keys(detect(log, following - timedelta(microseconds=1)))
        after = keys(detect(log, following))
        assert before < after
        raised += sorted(kind for _, kind, _ in after - before)
        moment = following.astimezone(UTC)
    assert set(raised) == {"no_next_step", "single_contact", "silence"}


def test_a_deal_of_which_everything_is_raised_need_not_be_looked_at() -> None:
    log = log_of([event("2024-01-16", "call", direction="both")], [deal(created="2024-01-15")])
    found = next_look(log, at("2024-12-01"))
    assert found.to_pylist() == [{"deal_id": "A", "next_look": None}]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_silence_that_no_customer_keeps_is_not_waited_for() -> None:
    unheard = Thresholds.shipped().adjusted(SignalKind.SILENCE, 1_000.0)
    log = log_of([event("2024-01-16", "call", direction="both")], [deal(created="2024-01-15")])
    assert next_look(log, at("2024-12-01"), unheard)["next_look"].to_pylist() == [None]


def test_looks_are_asked_for_open_deals_only() -> None:
    won = event("2024-02-01", "outcome", value="won")
    assert len(next_look(log_of([won], [deal()]), at("2024-03-01"))) == 0
    assert len(next_look(log_of([], [deal()]), at("2024-03-01"), Thresholds.shipped())) == 1
