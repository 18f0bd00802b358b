"""However the looks at the deals are chosen, each look says the same."""

from __future__ import annotations

from datetime import timedelta

import ibis
import pyarrow as pa
import pytest
from logs import at, deal, event, log_of, random_rows, rows_of, snapshots_at

from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.features import fit_features, weekly
from tsunagu.analytics.features.packing import Packing


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin"])
def test_a_look_says_the_same_alone_in_a_grid_and_with_gaps(zone: str) -> None:
    log = log_of(*random_rows(3), until="2024-06-01", time_zone=zone)
    fitted = fit_features(log)
    looks = weekly(log).to_pyarrow()
    whole = rows_of(fitted.transform(log, ibis.memtable(looks)))
    gaps = looks.take(pa.array(range(0, looks.num_rows, 2)))
    irregular = [{**row, "at": row["at"] + timedelta(seconds=1)} for row in gaps.to_pylist()]
    mixed = pa.concat_tables([looks, pa.Table.from_pylist(irregular, schema=looks.schema)])
    for selection in (gaps, mixed):
        chosen = {(row["deal_id"], row["at"]) for row in selection.to_pylist()}
        found = rows_of(fitted.transform(log, ibis.memtable(selection)))
        expected = [row for row in whole if row[:2] in chosen]
        assert [row for row in found if row[:2] in {w[:2] for w in whole}] == expected
        assert len(found) == selection.num_rows


def test_a_look_asked_for_twice_is_answered_twice() -> None:
    log = log_of([event("2024-01-05", "call", direction="in")], [deal()])
    looks = snapshots_at(("A", "2024-01-08"), ("A", "2024-01-08"), ("A", "2024-01-15"))
    found = rows_of(fit_features(log).select(["inbound_7"]).transform(log, looks))
    assert found == [
        ("A", at("2024-01-08"), 1.0),
        ("A", at("2024-01-08"), 1.0),
        ("A", at("2024-01-15"), 0.0),
    ]


def test_a_look_at_a_deal_that_the_log_does_not_hold_is_refused() -> None:
    log = log_of([event("2024-01-05", "call", direction="in")], [deal()])
    looks = snapshots_at(("A", "2024-01-08"), ("Z", "2024-01-08"))
    with pytest.raises(TsunaguError, match="1 snapshots are of deals that the log does not hold"):
        fit_features(log).transform(log, looks)


def test_a_deal_with_thousands_of_events_is_counted_exactly() -> None:
    start = at("2024-01-01")
    calls = [
        {"deal_id": "A", "at": start + timedelta(minutes=i), "kind": "call", "direction": "both"}
        for i in range(5_000)
    ]
    log = log_of(calls, [deal()])
    row = fit_features(log).transform(log, snapshots_at(("A", "2024-01-07"))).to_pyarrow()
    for name in ("any_ever", "inbound_30", "outbound_7", "call_90"):
        assert row[name].to_pylist() == [5_000]


@pytest.mark.parametrize("largest", [0, 1, 31, 32, 2**30, 2**52 - 1])
def test_packed_counts_do_not_run_into_each_other(largest: int) -> None:
    names = ("a", "b", "c")
    packing = Packing.for_largest(names, largest)
    words = [0] * packing.words
    for name in names:
        words[packing.word_of(name)] += largest * packing.one(name)
    assert all(word < 2**53 for word in words)
    table = ibis.memtable({f"w{i}": [word] for i, word in enumerate(words)})
    if largest < 2**31:
        read = table.select(**{n: packing.read(n, table[f"w{packing.word_of(n)}"]) for n in names})
        assert read.to_pyarrow().to_pylist() == [dict.fromkeys(names, largest)]
