"""Reading XES: ours against PM4Py's default reader, in one run.

    python benchmarks/xes.py ../shared/data/bpic2012/BPI_Challenge_2012.xes.gz

PM4Py (AGPL) is installed only into an environment of this benchmark's own, under a cache folder; it
is never a dependency of Tsunagu.  Without `rustxes` or `r4pm` in that environment, its
`pm4py.read_xes` takes its own default variant, which is printed: 2.7 takes `iterparse` (its
docstring names `chunk_regex`, which fails on BPI Challenge 2012 with an IndexError).  Each reader
runs in a process of its own, once to warm up (imports, file cache), then `--repeats` times; medians
are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

OURS = """
import importlib.metadata, json, sys, time
from pathlib import Path
from tsunagu.analytics.eventlog.xes import read_xes
seconds = []
for _ in range(int(sys.argv[2]) + 1):
    start = time.perf_counter()
    table = read_xes(Path(sys.argv[1]))
    seconds.append(time.perf_counter() - start)
events = table.num_rows - table.column("tsunagu_row").null_count
version = "tsunagu " + importlib.metadata.version("tsunagu")
version += ", pyarrow " + importlib.metadata.version("pyarrow")
print(json.dumps({"seconds": seconds, "events": events, "version": version}))
"""

EVENT_LOG = """
import importlib.metadata, json, sys, tempfile, time
from pathlib import Path
from tsunagu.analytics.eventlog.reader import read_log
seconds = []
for _ in range(int(sys.argv[2]) + 1):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        read_log([Path(sys.argv[1])], Path(sys.argv[3]), Path(folder) / "log")
        seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "events": None, "version": "to the event log on disk"}))
"""

PM4PY = """
import importlib.metadata, json, sys, time, warnings
warnings.simplefilter("ignore")
import pm4py
from pm4py.util import constants
seconds = []
for _ in range(int(sys.argv[2]) + 1):
    start = time.perf_counter()
    frame = pm4py.read_xes(sys.argv[1])
    seconds.append(time.perf_counter() - start)
version = "pm4py " + importlib.metadata.version("pm4py")
version += ", variant " + constants.DEFAULT_XES_PARSER
version += ", lxml " + importlib.metadata.version("lxml")
print(json.dumps({"seconds": seconds, "events": len(frame), "version": version}))
"""


def pm4py_python(cache: Path) -> Path:
    """Python of the environment with PM4Py; made when it is not there."""
    python = cache / "pm4py" / "bin" / "python"
    if not python.exists():
        venv.create(cache / "pm4py", with_pip=True)
    if subprocess.run([python, "-c", "import pm4py"], capture_output=True, check=False).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", "pm4py"], check=True)
    return python


def measure(python: Path, script: str, *arguments: object) -> dict[str, Any]:
    """Run a reader in its own process; its last line of output is the result."""
    command = [str(python), "-c", script, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(run.stderr)
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    result["median"] = statistics.median(result["seconds"][1:])
    return result


def machine() -> str:
    """Processor, cores, Python."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor()
    python = platform.python_version()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {python}"


def show(label: str, result: dict[str, Any], against: float) -> None:
    """One line of the table."""
    times = ", ".join(f"{s:.2f}" for s in result["seconds"][1:])
    events = "" if result["events"] is None else f"{result['events']:,} events; "
    print(f"{label:<28}{result['median']:>8.2f} s {against / result['median']:>7.1f} x", end="   ")
    print(f"({events}{result['version']}; warm-up {result['seconds'][0]:.2f} s; runs {times})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("path", type=Path, help=".xes or .xes.gz")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--mapping", type=Path, help="also read to the event log with this mapping")
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tsunagu-benchmarks"
    parser.add_argument("--cache", type=Path, default=default, help=f"default {default}")
    options = parser.parse_args()
    here = Path(sys.executable)
    theirs = measure(pm4py_python(options.cache), PM4PY, options.path, options.repeats)
    ours = measure(here, OURS, options.path, options.repeats)
    print("command  ", shlex.join(["python", *sys.argv]))
    print("data     ", f"{options.path.name}, {options.path.stat().st_size:,} bytes")
    print("machine  ", machine())
    print(f"{'reader':<28}{'median':>10} {'ratio':>9}")
    show("pm4py.read_xes (default)", theirs, theirs["median"])
    show("tsunagu: file -> Arrow table", ours, theirs["median"])
    if options.mapping is not None:
        log = measure(here, EVENT_LOG, options.path, options.repeats, options.mapping)
        show("tsunagu: file -> event log", log, theirs["median"])
    if ours["events"] != theirs["events"]:
        raise SystemExit("the two readers disagree about the number of events")


if __name__ == "__main__":
    main()
