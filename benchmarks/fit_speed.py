#!/usr/bin/env python3
"""How long a fit takes on two million weekly landmarks with all features, step by step.

    .venv/bin/python benchmarks/fit_speed.py                      # 145,000 deals, 2 M landmarks
    .venv/bin/python benchmarks/fit_speed.py --deals 10000
    .venv/bin/python benchmarks/fit_speed.py --keep FOLDER        # simulate once, measure often
    .venv/bin/python benchmarks/fit_speed.py --profile            # and the dearest functions

Simulates an organisation, so landmarks have a realistic shape, and fits the risk model on its whole
log, in this process.  Prints the seconds and the CPU seconds of each step, the greatest memory, and
the digest of the model's file: two versions of the program with the same digest learned the same,
byte for byte.  Simulated: it says nothing about quality.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import os
import platform
import pstats
import resource
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

from tsunagu.analytics.backends import connect
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.risk import RiskModel
from tsunagu.analytics.simulation import simulate

SEED, END = 11, date(2026, 6, 30)
ALLOWED = 180.0


@dataclass
class Clock:
    """Seconds and CPU seconds of the steps that a fit tells of."""

    steps: list[tuple[str, float, float]] = field(default_factory=list)

    def tell(self, step: str, _share: float) -> None:
        """As the fit's progress."""
        self.steps.append((step, time.perf_counter(), time.process_time()))

    def table(self) -> list[str]:
        """A line for each step, and one for the whole."""
        pairs = zip(self.steps, [*self.steps[1:], self.steps[-1]], strict=True)
        lines = [
            f"{a[0]:14}{b[1] - a[1]:9.1f}{b[2] - a[2]:9.1f}" for a, b in pairs if a[0] != "done"
        ]
        return [f"{'step':14}{'seconds':>9}{'CPU s':>9}", *lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=145_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder that keeps the simulated logs")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tsunagu-fit-") as name:
        log = simulated(wanted.keep or Path(name), wanted.deals)
        measure(log, Path(name) / "model", profile=wanted.profile)


def simulated(folder: Path, deals: int) -> Path:
    """The log of ``deals`` deals under ``folder``, simulated unless it stands there already."""
    made = folder / f"log-{deals}-{SEED}-{END}"
    if not made.exists():
        simulate(made, deals=deals, seed=SEED, end=END)
    return made


def measure(source: Path, kept: Path, *, profile: bool = False) -> float:
    """Fit on the log at ``source``, save at ``kept`` and print; returns the seconds it took."""
    log = open_log(source, connect("duckdb://?threads=2"))
    clock, load = Clock(), os.getloadavg()[0]
    begun, worked = time.perf_counter(), time.process_time()
    with cProfile.Profile() if profile else nullcontext() as profiler:
        model = RiskModel.fit(log, progress=clock.tell)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
    model.save(kept)
    said = model.summary
    packages = " ".join(f"{p} {version(p)}" for p in ("lightgbm", "duckdb", "numpy"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"command   {' '.join(sys.argv)}")
    print(
        f"data      simulated: {said.deals:,} deals, {said.landmarks:,} weekly landmarks, ", end=""
    )
    print(
        f"{len(model.recipe.names)} features, {said.break_offs:,} break-offs, {said.rounds} rounds"
    )
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    print(f"machine   {machine}, load before {load:.1f}")
    print(f"versions  Python {platform.python_version()} {packages}")
    print("\n".join(clock.table()))
    print(
        f"{'whole':14}{seconds:9.1f}{cpu:9.1f}   {seconds / ALLOWED:.2f} of the 3 minutes allowed"
    )
    print(f"peak      {peak:.2f} GiB")
    print(f"model     sha256 {hashlib.sha256(kept.read_bytes()).hexdigest()[:16]}")
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)
    return seconds


if __name__ == "__main__":
    main()
