"""An engine that is kept answers about what was handed in last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from tsunagu.analytics.backends import KeptEngine, kept_engine


def test_what_is_handed_in_takes_the_place_of_what_was_there() -> None:
    engine = KeptEngine()
    engine.put("deals", pa.table({"deal_id": ["1", "2"]}))

    table = engine.put("deals", pa.table({"deal_id": ["3"]}))

    assert table.deal_id.to_pyarrow().to_pylist() == ["3"]


def test_columns_may_change() -> None:
    engine = KeptEngine()
    engine.put("deals", pa.table({"deal_id": ["1"]}))

    table = engine.put("deals", pa.table({"owner": [7], "deal_id": ["1"]}))

    assert table.columns == ("owner", "deal_id")
    assert table.owner.to_pyarrow().to_pylist() == [7]


def test_each_thread_has_its_own() -> None:
    with ThreadPoolExecutor(1) as other:
        assert other.submit(kept_engine).result() is not kept_engine()
    assert kept_engine() is kept_engine()
