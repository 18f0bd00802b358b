"""Time the features against the best hand-written DuckDB SQL, Polars, pandas and NumPy, in one run.

    python benchmarks/features.py                  # 200,000 deals, 5 M events, about 2 M snapshots
    python benchmarks/features.py --deals 20000

Every engine runs in a fresh process with two threads and reads the same Parquet files; the clock
stops when the table stands in memory.  The last line is what a nightly run does: all features and
the scores of every deal as it stood at its last look.  The data are random: they say nothing about
quality.
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
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent))

import feature_baselines
import feature_log
from tsunagu.analytics.backends import connect
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.eventlog.store import open_log, write_meta
from tsunagu.analytics.features import FittedFeatures, fit_features, weekly
from tsunagu.analytics.risk import RiskModel

ENGINES = ("ours", "sql", "polars", "pandas", "numpy")
OWN = ("full", "scores")
TOLERANCE = 1e-9
FIT_DEALS = 2_000


def main() -> None:
    """Make the data, run every engine, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=200_000)
    parser.add_argument("--child", choices=(*ENGINES, *OWN), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _child(arguments.child, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), arguments.deals)


def compare(folder: Path, deals: int) -> dict[str, dict[str, float]]:
    """Run all engines on ``deals`` deals and print the table; returns what was measured.

    Raises:
        AssertionError: if two engines differ anywhere by more than 1e-9.
    """
    _make(folder, deals)
    _print_setting(folder, deals)
    measured = {engine: _run(engine, folder) for engine in (*ENGINES, *OWN)}
    for engine in ENGINES[1:]:
        _check_equal(folder, "ours", engine)
    print(f"all five agree to {TOLERANCE:g} in {len(feature_baselines.CORE)} features")
    _print_table(measured)
    return measured


def _make(folder: Path, deals: int) -> None:
    log = _write_log(folder, deals)
    weekly(log).to_parquet(folder / "snapshots.parquet")
    small = folder / "small"
    small.mkdir()
    small_log = _write_log(small, FIT_DEALS)
    fitted = fit_features(small_log)
    (folder / "fitted.json").write_text(json.dumps(fitted.to_dict()), encoding="utf-8")
    RiskModel.fit(small_log).save(folder / "model")


def _write_log(folder: Path, deals: int) -> EventLog:
    feature_log.make(folder, deals)
    latest = pc.max(pq.read_table(folder / "events.parquet", columns=["at"])["at"]).as_py()
    until = latest.astimezone(UTC) + timedelta(days=1)
    write_meta(folder, observed_until=until, time_zone="Asia/Tokyo", stages=feature_log.STAGES)
    return open_log(folder, connect("duckdb://?threads=2"))


def _run(engine: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", engine, "--folder", str(folder)]
    limits = {"POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | limits
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _child(engine: str, folder: Path) -> None:
    run = {
        "ours": lambda: _ours(folder, full=False),
        "full": lambda: _ours(folder, full=True),
        "scores": lambda: _scores(folder),
        "sql": lambda: feature_baselines.duckdb_sql(folder),
        "polars": lambda: feature_baselines.polars_asof(folder),
        "pandas": lambda: feature_baselines.pandas_asof(folder),
        "numpy": lambda: feature_baselines.numpy_by_hand(folder),
    }[engine]
    started, worked = time.perf_counter(), time.process_time()
    table = run()
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    _write_sorted(table, folder / f"{engine}.parquet")
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "rows": table.num_rows}))


def _ours(folder: Path, *, full: bool) -> pa.Table:
    connection = connect("duckdb://?threads=2")
    log = open_log(folder, connection)
    saved = json.loads((folder / "fitted.json").read_text(encoding="utf-8"))
    fitted = FittedFeatures.from_dict(saved)
    chosen = fitted if full else fitted.select(feature_baselines.CORE)
    snapshots = connection.read_parquet(str(folder / "snapshots.parquet"))
    return chosen.transform(log, snapshots).to_pyarrow()


def _scores(folder: Path) -> pa.Table:
    connection = connect("duckdb://?threads=2")
    log = open_log(folder, connection)
    looks = connection.read_parquet(str(folder / "snapshots.parquet"))
    last = looks.group_by("deal_id").agg(at=looks["at"].max())
    return RiskModel.load(folder / "model").score(log, last)


def _write_sorted(table: pa.Table, path: Path) -> None:
    keys = table.select(["deal_id", "at"])
    order = pc.sort_indices(keys, [("deal_id", "ascending"), ("at", "ascending")])
    pq.write_table(table.take(order), path)


def _check_equal(folder: Path, left: str, right: str) -> None:
    for name in ("deal_id", "at", *feature_baselines.CORE):
        a, b = (pq.read_table(folder / f"{e}.parquet", columns=[name])[name] for e in (left, right))
        if name in {"deal_id", "at"}:
            same = a.cast(pa.string()).equals(b.cast(pa.string()))
        else:
            same = np.allclose(_floats(a), _floats(b), rtol=0, atol=TOLERANCE, equal_nan=True)
        if not same:
            raise AssertionError(f"{left} and {right} differ in {name}")


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.float64()).to_numpy()


def _print_setting(folder: Path, deals: int) -> None:
    rows = {n: pq.read_metadata(folder / f"{n}.parquet").num_rows for n in ("events", "snapshots")}
    packages = " ".join(
        f"{p} {version(p)}" for p in ("ibis-framework", "duckdb", "polars", "pandas")
    )
    print(f"command   python benchmarks/features.py --deals {deals}")
    print(f"data      {deals:,} deals, {rows['events']:,} events, {rows['snapshots']:,} snapshots")
    print(f"machine   {os.cpu_count()} cores, {platform.machine()}, {platform.system()}")
    print(f"versions  Python {platform.python_version()} {packages}")
    print(f"date      {datetime.now(UTC):%Y-%m-%d}, load before the run {os.getloadavg()[0]:.1f}")


def _print_table(measured: dict[str, dict[str, float]]) -> None:
    names = {
        "ours": "ours (Ibis on DuckDB)",
        "sql": "hand-written DuckDB SQL",
        "polars": "Polars",
        "pandas": "pandas",
        "numpy": "NumPy kernels by hand",
        "full": "ours, the full set",
        "scores": "ours, full set and scores",
    }
    ours = measured["ours"]
    print(f"{'':26}{'seconds':>9}{'CPU s':>8}{'peak GiB':>10}{'ours takes (CPU)':>18}")
    for engine, name in names.items():
        m = measured[engine]
        ratio = f"{ours['cpu'] / m['cpu']:17.2f}x" if engine in ENGINES else ""
        print(f"{name:26}{m['seconds']:9.1f}{m['cpu']:8.1f}{m['peak']:10.2f}{ratio}")


if __name__ == "__main__":
    main()
