"""Features of the outcome model, by hand on three deals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog
from tsunagu.analytics.outcomes import decisions, sequences
from tsunagu.analytics.outcomes.encoding import encode
from tsunagu.analytics.outcomes.sequences import Grouped
from tsunagu.analytics.outcomes.view import View
from tsunagu.analytics.outcomes.vocabulary import Vocabulary

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = 86_400.0
CALL, MAIL = "call:out:", "email:in:"
WORDS = Vocabulary((CALL, MAIL), ((0, 1),), ("ann", "bob"), {"owner": ("ann",)}, ())


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def look(deal: str, *at: float) -> dict[str, float]:
    """The features of ``deal`` as of the last of the given days."""
    events = [
        ("a", 1, "call", "out", "ann"),
        ("a", 3, "email", "in", None),
        ("a", 4, "call", "out", "bob"),
        ("b", 2, "call", "out", "ann"),
        ("c", 9, "call", "out", "ann"),
    ]
    rows = [
        {"deal_id": d, "at": day(n), "kind": k, "direction": w, "actor": who}
        for d, n, k, w, who in events
    ]
    ends = {"a": ("won", 6), "b": ("broken_off", 5)}
    rows += [
        {"deal_id": d, "at": day(n), "kind": "outcome", "value": v} for d, (v, n) in ends.items()
    ]
    deals = [{"deal_id": d, "owner_id": "ann", "created_at": START} for d in "abc"]
    con = ibis.duckdb.connect()
    log = EventLog(
        con.create_table("events", pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)),
        con.create_table("deals", pa.Table.from_pylist(deals, schema=DEAL_SCHEMA)),
        day(30),
    )
    steps = sequences.read(log)
    keys = pa.table({"deal_id": [deal] * len(at), "at": [day(n) for n in at]})
    keys = keys.cast(pa.schema([EVENT_SCHEMA.field(n) for n in ("deal_id", "at")]))
    told = decisions.place(decisions.of_log(log), steps.deal_ids, None)
    encoded = encode(View(steps, sequences.moments(steps, keys), WORDS, told))
    return dict(zip(encoded.names, encoded.matrix[-1].tolist(), strict=True))


def test_a_moment_counts_the_steps_up_to_it_and_no_later_one() -> None:
    assert [look("a", n)[f"count[{CALL}]"] for n in (0.5, 1, 3.5, 4)] == [0, 1, 1, 2]


def test_time_runs_from_the_latest_and_from_the_first_of_a_step() -> None:
    found = look("a", 5)
    assert found[f"since[{CALL}]"] == DAY
    assert found[f"first[{CALL}]"] == 4 * DAY
    assert np.isnan(look("a", 2)[f"since[{MAIL}]"])


def test_the_time_after_a_step_ends_with_the_next_one_or_the_moment() -> None:
    found = look("a", 5)
    assert found[f"waited[{CALL}]"] == 3 * DAY
    assert found[f"waited[{MAIL}]"] == DAY


def test_transitions_do_not_cross_deals() -> None:
    assert look("a", 5)[f"pair[{CALL}>{MAIL}]"] == 1
    assert look("b", 5)[f"pair[{CALL}>{MAIL}]"] == 0


def test_a_step_without_a_person_is_the_one_before_s() -> None:
    assert look("a", 3.5)["actor"] == 0
    assert look("a", 4)["handovers"] == 1


def test_only_what_was_decided_by_then_is_told_of_lately() -> None:
    assert np.isnan(look("c", 4.9)["lately_60[won]"])
    assert look("c", 5.5)["lately_60[won]"] == 0
    assert look("c", 7)["lately_60[won]"] == 0.5


def test_a_deal_never_hears_of_its_own_decision() -> None:
    assert look("a", 20)["lately_60[won]"] == 0
    assert look("a", 20)["owner_rate_60[won]"] == 0
    assert look("c", 20)["owner_rate_60[won]"] == pytest.approx(0.5)


def test_features_of_a_moment_are_the_same_with_others_beside_it() -> None:
    alone, among = look("a", 4), look("a", 1, 2, 4)
    assert alone == pytest.approx(among, nan_ok=True)


def test_instants_a_microsecond_apart_are_told_apart_in_any_group() -> None:
    at = np.array([1.7e9, 1.7e9 + 1e-6])
    groups = Grouped(np.array([10**9, 10**9]), at)
    assert groups.upto(np.array([10**9] * 2), at).tolist() == [1, 2]
