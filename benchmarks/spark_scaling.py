"""What scoring on Spark costs, how it grows with the executors, and where DuckDB ends.

    python benchmarks/spark_scaling.py

Every run computes all features and the scores and lets the executors write them.  DuckDB, one
executor and two take turns, each in a fresh process, so that a busy machine troubles all alike.  A
cost model (fixed + per event + per landmark) is fitted to the smaller sizes and held against the
largest, which it has not seen.  The data are random: they say nothing about quality.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent))

import feature_log
from tsunagu.analytics.backends import connect
from tsunagu.analytics.backends.mapping import write_parquet
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.eventlog.remote import open_remote_log
from tsunagu.analytics.eventlog.store import open_log, write_meta
from tsunagu.analytics.features import current, weekly
from tsunagu.analytics.risk import RiskModel
from tsunagu.analytics.risk.spreading import scores

SETUPS = ("DuckDB", "1 executor", "2 executors")
LOOKS: dict[str, Callable[[EventLog], object]] = {"now": current, "all weeks": weekly}
PER = ("fixed", "a million events", "a million landmarks")
FIT_DEALS = 1_500
UNTIL = datetime(2025, 1, 1, tzinfo=UTC)
MEMORY = "?spark.driver.memory=800m&spark.executor.memory=900m&spark.sql.shuffle.partitions=4"


@dataclass(frozen=True)
class Run:
    """One measurement.

    Attributes:
        setup: one of :data:`SETUPS`.
        deals: of the log.
        events: of the log.
        looks: which landmarks were scored.
        landmarks: how many.
        seconds: by the clock, without the start of Spark and a first small run.
    """

    setup: str
    deals: int
    events: int
    looks: str
    landmarks: int
    seconds: float


def main() -> None:
    """Make the logs, run every set-up, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=[4_000, 8_000, 16_000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", choices=SETUPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _child(given.child, given.folder, given.deals)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for deals in given.deals:
            _make(folder, deals)
        log = _make(folder, FIT_DEALS)
        RiskModel.fit(log).save(folder / "model")
        _print_setting(given.deals, given.rounds)
        runs = [
            r for _ in range(given.rounds) for s in SETUPS for r in _run(s, folder, given.deals)
        ]
    report(runs)


def _make(folder: Path, deals: int) -> EventLog:
    place = folder / str(deals)
    place.mkdir()
    feature_log.make(place, deals)
    write_meta(place, observed_until=UNTIL, time_zone="Asia/Tokyo", stages=feature_log.STAGES)
    return open_log(place)


def _run(setup: str, folder: Path, sizes: list[int]) -> list[Run]:
    home = _spark_home(folder)
    command = [sys.executable, __file__, "--child", setup, "--folder", str(folder), "--deals"]
    done = subprocess.run(
        [*command, *map(str, sizes)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"SPARK_HOME": str(home)},
    )
    return [Run(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def _spark_home(folder: Path) -> Path:
    """PySpark's files in a folder where its workers may write."""
    import pyspark

    home = folder / "spark"
    if not home.exists():
        home.mkdir()
        for entry in Path(pyspark.__file__).parent.iterdir():
            (home / entry.name).symlink_to(entry)
    return home


def _child(setup: str, folder: Path, sizes: list[int]) -> None:
    score = _on_duckdb(folder) if setup == "DuckDB" else _on_spark(folder, int(setup[0]))
    score(FIT_DEALS, "now")
    runs = []
    for deals in sizes:
        for looks in LOOKS:
            started = time.perf_counter()
            landmarks = score(deals, looks)
            seconds = time.perf_counter() - started
            events = pq.read_metadata(folder / str(deals) / "events.parquet").num_rows
            runs.append(vars(Run(setup, deals, events, looks, landmarks, seconds)))
    print(json.dumps(runs))


def _on_duckdb(folder: Path) -> Callable[[int, str], int]:
    model = RiskModel.load(folder / "model")

    def score(deals: int, looks: str) -> int:
        log = open_log(folder / str(deals), connect("duckdb://?threads=2"))
        table = model.score(log, LOOKS[looks](log))
        pq.write_table(table, folder / "scores.parquet")
        return len(table)

    return score


def _on_spark(folder: Path, executors: int) -> Callable[[int, str], int]:
    model, connection = (
        RiskModel.load(folder / "model"),
        connect(f"local-cluster[{executors},1,1300]{MEMORY}"),
    )

    def score(deals: int, looks: str) -> int:
        into = folder / "scores"
        shutil.rmtree(into, ignore_errors=True)
        log = open_remote_log(str(folder / str(deals)), connection)
        write_parquet(scores(model, log, LOOKS[looks](log)), str(into))
        return sum(pq.read_metadata(part).num_rows for part in into.glob("*.parquet"))

    return score


def report(runs: list[Run]) -> None:
    """The medians, the scaling and the cost models."""
    median = _medians(runs)
    print(f"\n{'deals':>8}{'events':>10}{'looks':>11}{'landmarks':>11}"
          + "".join(f"{s:>13}" for s in SETUPS) + f"{'2 against 1':>13}")  # fmt: skip
    cases = sorted({(r.deals, r.events, r.landmarks, r.looks) for r in runs})
    for deals, events, landmarks, looks in cases:
        times = [median[s, deals, looks] for s in SETUPS]
        cells = "".join(f"{t:>12.1f}s" for t in times) + f"{times[1] / times[2]:>12.2f}x"
        print(f"{deals:>8,}{events:>10,}{looks:>11}{landmarks:>11,}{cells}")
    _print_scaling(median, sorted({r.deals for r in runs}))
    for setup in SETUPS:
        _print_costs(setup, [r for r in runs if r.setup == setup])


def _medians(runs: list[Run]) -> dict[tuple[str, int, str], float]:
    found: dict[tuple[str, int, str], list[float]] = {}
    for run in runs:
        found.setdefault((run.setup, run.deals, run.looks), []).append(run.seconds)
    return {key: float(np.median(seconds)) for key, seconds in found.items()}


def _print_scaling(median: dict[tuple[str, int, str], float], sizes: list[int]) -> None:
    large, half = sizes[-1], sizes[-1] // 2
    one, two = (median[s, large, "all weeks"] for s in SETUPS[1:])
    gain = f"{one / two:.2f}x as fast as one (2 ideal)"
    print(f"\nstrong scaling, {large:,} deals: two executors {gain}")
    if half in sizes:
        small = median[SETUPS[1], half, "all weeks"]
        print(f"weak scaling, {half:,} deals on one, {large:,} on two: "
              f"{two / small:.2f}x as long (1 ideal)")  # fmt: skip


def _print_costs(setup: str, runs: list[Run]) -> None:
    """Fit on all sizes but the largest, and say how far off the largest is."""
    from scipy.optimize import nnls

    def factors(some: list[Run]) -> np.ndarray:
        return np.array([[1.0, r.events / 1e6, r.landmarks / 1e6] for r in some])

    largest = max(r.deals for r in runs)
    seen, unseen = ([r for r in runs if (r.deals == largest) == last] for last in (False, True))
    costs, _ = nnls(factors(seen), np.array([r.seconds for r in seen]))
    error = factors(unseen) @ costs / np.array([r.seconds for r in unseen]) - 1
    every, _ = nnls(factors(runs), np.array([r.seconds for r in runs]))
    told = " + ".join(
        f"{cost:.1f} s {per}"
        for cost, per in zip(
            every, ("fixed", "a million events", "a million landmarks"), strict=True
        )
    )
    print(f"{setup:12} {told}; from the smaller sizes the largest is foretold "
          f"{error.min():+.0%} to {error.max():+.0%}")  # fmt: skip


def _print_setting(sizes: list[int], rounds: int) -> None:
    packages = " ".join(f"{p} {version(p)}" for p in ("ibis-framework", "duckdb", "pyspark"))
    listed = " ".join(map(str, sizes))
    print(f"command   python benchmarks/spark_scaling.py --deals {listed} --rounds {rounds}")
    print(f"data      random logs, {feature_log.EVENTS_PER_DEAL} events a deal, two years")
    print(f"machine   {os.cpu_count()} cores, {platform.machine()}, {platform.system()}")
    print(f"versions  Python {platform.python_version()} {packages}")
    print(f"date      {datetime.now(UTC):%Y-%m-%d}, load before the run {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
