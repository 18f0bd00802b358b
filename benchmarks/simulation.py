"""Time and peak memory of simulating, each size in a process of its own.

python benchmarks/simulation.py 10000 100000 1000000
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tsunagu.analytics.simulation import simulate

_ROW = "{:>12} {:>12} {:>10} {:>12} {:>12} {:>12}"


def main() -> None:
    """Simulate each size asked for and print what it took."""
    options = _options()
    if options.one:
        _measure(options.deals[0])
        return
    print(f"command: python {shlex.join(sys.argv)}")
    print(
        f"machine: {platform.platform()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}"
    )
    print(_ROW.format("deals", "events", "seconds", "events/s", "peak MB", "disk MB"))
    peaks = [_in_own_process(deals) for deals in options.deals]
    print(f"peak memory, largest over smallest: {peaks[-1] / peaks[0]:.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deals", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_own_process(deals: int) -> float:
    """Peak memory in MB; a process of its own, since a peak never falls."""
    command = [sys.executable, __file__, "--one", str(deals)]
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    print(line, flush=True)
    return float(line.split()[4].replace(",", ""))


def _measure(deals: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        begin = time.perf_counter()
        report = simulate(Path(place) / "log", deals=deals)
        seconds = time.perf_counter() - begin
        disk = sum(file.stat().st_size for file in report.folder.iterdir()) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    numbers = [report.deals, report.events, seconds, report.events / seconds, peak, disk]
    print(
        _ROW.format(
            *(f"{number:,.1f}" if number is seconds else f"{number:,.0f}" for number in numbers)
        )
    )


if __name__ == "__main__":
    main()
