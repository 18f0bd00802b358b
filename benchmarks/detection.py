"""Seconds to detect in so many open deals, and milliseconds for one.

    python benchmarks/detection.py 100000

The deals are simulated, their outcomes left out, so that all of them are open.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ibis

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.detection import detect, next_look
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate


def main() -> None:
    """Print the figures of each size given."""
    for size in map(int, sys.argv[1:] or ["10000"]):
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder) / "log", deals=size)
            log = in_memory(open_log(Path(folder) / "log"))
        found = seconds(detect, log)
        looked = seconds(next_look, log)
        one = alone(log)
        detect(one)
        each = [seconds(detect, one) for _ in range(30)]
        events = log.events.count().to_pyarrow().as_py()
        print(
            f"{size:,} open deals, {events:,} events: detect {found:.1f} s, "
            f"next_look {looked:.1f} s, {len(detect(log)):,} signals; "
            f"one deal {1000 * statistics.median(each):.0f} ms"
        )


def in_memory(log: EventLog) -> EventLog:
    """Every deal open."""
    con = ibis.duckdb.connect()
    events = log.events.filter(log.events.kind != "outcome").to_pyarrow()
    deals = log.deals.to_pyarrow()
    return replace(
        log, events=con.create_table("events", events), deals=con.create_table("deals", deals)
    )


def alone(log: EventLog) -> EventLog:
    """The log of one deal."""
    deal = log.deals.deal_id.min().to_pyarrow().as_py()
    con = ibis.duckdb.connect()
    tables = {
        name: con.create_table(name, table.filter(table.deal_id == deal).to_pyarrow())
        for name, table in (("events", log.events), ("deals", log.deals))
    }
    return replace(log, **tables)


def seconds(work: Callable[[EventLog], object], log: EventLog) -> float:
    """Wall-clock time."""
    start = time.perf_counter()
    work(log)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
