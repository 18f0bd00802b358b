#!/usr/bin/env python3
"""A log larger than memory: a million deals, a hundred million events, two cores, at most 6 GB.

    .venv/bin/python benchmarks/out_of_core.py                      # the whole: about 4 GB of disk
    .venv/bin/python benchmarks/out_of_core.py --deals 10000 --events 1000000
    .venv/bin/python benchmarks/out_of_core.py FOLDER               # there, and kept for next time

Writes a seeded log as Parquet sorted by deal, fits a model on a small one of the same kind, then
runs, each in a process of its own (two threads, one after another; it fails if the memory of the
process and its children is ever over ``--memory``):

- ``limit``: DuckDB's bare scan of the same columns and one sum for each deal; nothing that reads
  the log can be faster;
- ``score``: ``tsunagu score``, every open deal's score and the first twenty with reasons;
- ``weekly``: all features at weekly landmarks of every deal, written to Parquet;
- ``ours`` and ``polars``: the features of benchmarks/features.py at the same landmarks, checked to
  be equal; Polars by as-of joins on cumulative counts, some deals at a time as its memory asks for.

Prints seconds, CPU seconds, the greatest memory of the process tree and the ratio to the limit.
The data are random: they say nothing about quality.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from threading import Thread

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent))

import feature_baselines
import feature_log
from tsunagu.analytics.backends import connect
from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog
from tsunagu.analytics.eventlog.store import open_log, write_meta
from tsunagu.analytics.features import FittedFeatures, feature_tables, fit_features, weekly
from tsunagu.analytics.risk import RiskModel

RUNS = ("limit", "score", "weekly", "ours", "polars")
AT_ONCE = 20_000
"""Deals made together, and a row group of the file."""

FIT_DEALS = 2_000
TOLERANCE = 1e-9
GIB = 2**30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where to make the log")
    parser.add_argument("--deals", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--memory", type=float, default=6.0, help="GiB allowed")
    parser.add_argument("--landmarks", type=float, default=1.0, help="share of the deals looked at")
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=RUNS)
    parser.add_argument("--child", choices=RUNS, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.child:
        child(wanted.child, wanted.folder)
    elif wanted.folder:
        compare(wanted.folder, wanted)
    else:
        with tempfile.TemporaryDirectory(prefix="tsunagu-out-of-core-") as name:
            compare(Path(name), wanted)


def compare(folder: Path, wanted: argparse.Namespace) -> None:
    begun = time.perf_counter()
    make(folder, wanted.deals, wanted.events // wanted.deals, wanted.landmarks)
    print_setting(folder, wanted, time.perf_counter() - begun)
    measured = {}
    print(f"{'':10}{'rows':>12}{'seconds':>9}{'CPU s':>8}{'peak GiB':>10}{'CPU against limit':>19}")
    for name in wanted.runs:
        measured[name] = run(name, folder, wanted.memory)
        print(told(name, measured), flush=True)
    if {"ours", "polars"} <= measured.keys():
        check_equal(folder)
        ratio = measured["ours"]["cpu"] / measured["polars"]["cpu"]
        print(
            f"ours and Polars agree to {TOLERANCE:g} in {len(feature_baselines.CORE)} features; ",
            end="",
        )
        print(f"ours takes {ratio:.2f} times the CPU of Polars")
    worst = max(m["peak"] for m in measured.values())
    print(f"greatest memory {worst:.2f} of the {wanted.memory:.0f} GiB allowed")


def make(folder: Path, deals: int, events: int, share: float) -> None:
    """The log, a model fitted on a small one of its kind, and where to look; or what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    asked, done = json.dumps([deals, events, share]), folder / "made.json"
    if done.is_file() and done.read_text(encoding="utf-8") == asked:
        return
    write_log(folder, deals, events)
    if not (folder / "model").is_file():
        fit(folder, min(FIT_DEALS, deals), events)
    weeks = weekly(open_log(folder, connect("duckdb://?threads=2&memory_limit=2GB")))
    last = f"D{int(share * deals) - 1:07d}"
    weeks.filter(weeks.deal_id <= last).to_parquet(folder / "snapshots.parquet")
    done.write_text(asked, encoding="utf-8")


def fit(folder: Path, deals: int, events: int) -> None:
    small = folder / "small"
    small.mkdir(exist_ok=True)
    log = write_log(small, deals, events)
    (folder / "fitted.json").write_text(json.dumps(fit_features(log).to_dict()), encoding="utf-8")
    RiskModel.fit(log).save(folder / "model")


def write_log(folder: Path, deals: int, events: int) -> EventLog:
    """Sorted by deal, some deals at a time; the last observed day cuts many lives off."""
    until = datetime.fromtimestamp(feature_log.START / 1e6, UTC)
    until += timedelta(days=feature_log.SPAN_DAYS)
    with (
        pq.ParquetWriter(folder / "events.parquet", EVENT_SCHEMA, compression="zstd") as facts,
        pq.ParquetWriter(folder / "deals.parquet", DEAL_SCHEMA, compression="zstd") as rows,
    ):
        for first in range(0, deals, AT_ONCE):
            some = feature_log.part(first, min(AT_ONCE, deals - first), events, deals)
            seen = some.events.filter(pc.less_equal(some.events["at"], pa.scalar(until)))
            facts.write_table(seen, row_group_size=500_000)
            rows.write_table(some.deals)
    write_meta(folder, observed_until=until, time_zone="Asia/Tokyo", stages=feature_log.STAGES)
    return open_log(folder, connect("duckdb://?threads=2"))


def run(name: str, folder: Path, memory: float) -> dict[str, float]:
    """One of :data:`RUNS` in a process of its own, its tree's memory watched."""
    command = [sys.executable, __file__, str(folder), "--child", name]
    limits = {"POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | limits)
    watch = Watch(process.pid)
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{name} failed")
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    peak = max(result["peak"], watch.stop())
    if peak > memory:
        raise SystemExit(f"{name} took {peak:.2f} GiB")
    return result | {"peak": peak}


class Watch(Thread):
    """The greatest resident memory of a process and its children, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.over = pid, 0.0, False
        self.start()

    def run(self) -> None:
        while not self.over:
            self.most = max(self.most, sum(map(resident, tree(self.pid))) / GIB)
            time.sleep(0.1)

    def stop(self) -> float:
        """The most there was, in GiB."""
        self.over = True
        return self.most


def tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return
    for child_pid in children.split():
        yield from tree(int(child_pid))


def resident(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def child(name: str, folder: Path) -> None:
    runs: dict[str, Callable[[Path], int]] = {
        "limit": limit,
        "score": score,
        "weekly": all_features,
        "ours": core_features,
        "polars": polars_features,
    }
    begun, before = time.perf_counter(), used()
    rows = runs[name](folder)
    seconds, cpu = time.perf_counter() - begun, used() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu": cpu, "peak": peak}))


def used() -> float:
    """CPU seconds of this process and of its children that have ended."""
    own, theirs = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def limit(folder: Path) -> int:
    """Every value that a feature reads, and a sum for each deal."""
    import duckdb

    with duckdb.connect(config={"threads": 2, "memory_limit": "3GB"}) as engine:
        found = engine.execute(
            'SELECT deal_id, count(*), max("at"), sum(amount), sum(length(kind)), '
            "sum(length(value)), sum(length(direction)) FROM read_parquet(?) GROUP BY deal_id",
            [str(folder / "events.parquet")],
        ).to_arrow_table()
    return len(found)


def score(folder: Path) -> int:
    command = [str(Path(sys.executable).with_name("tsunagu")), "score", str(folder)]
    command += ["--model", str(folder / "model"), "--out", str(folder / "scores.parquet")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return pq.read_metadata(folder / "scores.parquet").num_rows


def all_features(folder: Path) -> int:
    return write_features(folder, saved(folder), "weekly")


def core_features(folder: Path) -> int:
    return write_features(folder, saved(folder).select(feature_baselines.CORE), "ours")


def saved(folder: Path) -> FittedFeatures:
    return FittedFeatures.from_dict(
        json.loads((folder / "fitted.json").read_text(encoding="utf-8"))
    )


def write_features(folder: Path, recipe: FittedFeatures, name: str) -> int:
    engine = connect("duckdb://?threads=2&memory_limit=3GB")
    log = open_log(folder, engine)
    looks = engine.read_parquet(str(folder / "snapshots.parquet"))
    return written(folder / f"{name}.parquet", feature_tables(recipe, log, looks))


def written(path: Path, tables: Iterator[pa.Table]) -> int:
    rows, writer = 0, None
    for table in tables:
        in_order = table.sort_by([("deal_id", "ascending"), ("at", "ascending")])
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(in_order, row_group_size=100_000)
        rows += len(table)
    if writer:
        writer.close()
    return rows


def polars_features(folder: Path) -> int:
    """The deals in as many parts as keep Polars within its memory."""
    return written(folder / "polars.parquet", map(plain, polars_parts(folder)))


def polars_parts(folder: Path) -> Iterator[pa.Table]:
    import polars as pl

    ids = pq.read_table(folder / "deals.parquet", columns=["deal_id"])["deal_id"].to_pylist()
    step = 2 * AT_ONCE
    for first in range(0, len(ids), step):
        mine = pl.col("deal_id").is_between(
            pl.lit(ids[first]), pl.lit(ids[min(first + step, len(ids)) - 1])
        )
        yield feature_baselines.polars_asof(folder, mine)


def plain(table: pa.Table) -> pa.Table:
    """Polars' strings as the others write them."""
    return table.set_column(0, "deal_id", table["deal_id"].cast(pa.string()))


def check_equal(folder: Path) -> None:
    """Row group by row group, so that it needs no memory either.

    Raises:
        AssertionError: if the two tables differ anywhere by more than 1e-9.
    """
    files = [pq.ParquetFile(folder / f"{name}.parquet") for name in ("ours", "polars")]
    streams = [file.iter_batches(100_000) for file in files]
    for ours, theirs in zip(*streams, strict=True):
        for name in ("deal_id", "at", *feature_baselines.CORE):
            if not same(ours[name], theirs[name]):
                raise AssertionError(f"ours and Polars differ in {name}")


def same(left: pa.Array, right: pa.Array) -> bool:
    if not pa.types.is_floating(left.type):
        return bool(left.cast(pa.string()).equals(right.cast(pa.string())))
    a, b = (x.cast(pa.float64()).to_numpy(zero_copy_only=False) for x in (left, right))
    return bool(np.allclose(a, b, rtol=0, atol=TOLERANCE, equal_nan=True))


def print_setting(folder: Path, wanted: argparse.Namespace, seconds: float) -> None:
    counts = {
        n: pq.read_metadata(folder / f"{n}.parquet").num_rows for n in ("events", "snapshots")
    }
    size = (folder / "events.parquet").stat().st_size / GIB
    packages = " ".join(f"{p} {version(p)}" for p in ("duckdb", "polars", "ibis-framework"))
    print(f"command   {' '.join(sys.argv)}")
    print(
        f"data      random: {wanted.deals:,} deals, {counts['events']:,} events ({size:.2f} GiB), ",
        end="",
    )
    print(f"{counts['snapshots']:,} weekly landmarks; made in {seconds:.0f} s")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    print(f"machine   {os.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}, Linux")
    print(f"versions  Python {platform.python_version()} {packages}")
    print(f"date      {datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f}", flush=True)


def told(name: str, measured: dict[str, dict[str, float]]) -> str:
    m = measured[name]
    line = f"{name:10}{m['rows']:12,.0f}{m['seconds']:9.1f}{m['cpu']:8.1f}{m['peak']:10.2f}"
    return line + (f"{m['cpu'] / measured['limit']['cpu']:18.1f}x" if "limit" in measured else "")


if __name__ == "__main__":
    main()
