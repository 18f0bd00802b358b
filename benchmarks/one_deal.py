#!/usr/bin/env python3
"""How long one deal's fresh score takes in a process that has just started, and in a warm one.

    .venv/bin/python benchmarks/one_deal.py                        # 5,000 running deals
    .venv/bin/python benchmarks/one_deal.py 100000 --times 200

Simulates an organisation in a new SQLite database in a temporary folder, fits the model on it and
copies its running deals until there are so many (as rescoring.py does). Then:

- a process of its own loads the application and scores one deal: what its start, the model's
  loading, the features' compiling and the first score each take;
- this process scores deals that it has not looked at before, each on a new connection to the
  database: nothing of a deal's history is in memory, only the model is.

Prints milliseconds and queries of the part that computes (``foresee``) and of the whole
(``rescore``: the score, the point of its curve and the request are written too). The aim is 30 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pages import prepare
from rescoring import copy_until, simulate_and_fit

ALLOWED = 30.0

FIRST = """
import json, time
begun = time.perf_counter()
from tsunagu.cli import application
application.set_up()
from django.utils import timezone
from tsunagu.app.deals.models import Deal
from tsunagu.app.scoring import actions, active
version, deal = active.active_version(), Deal.objects.filter(outcome__isnull=True).last()
steps = [("the application", time.perf_counter() - begun)]
for name, step in (
    ("the model", lambda: active.model_of(version)),
    ("its features", lambda: active.prepared_of(version, timezone.now())),
    ("the first score", lambda: actions.rescore_deals([deal.pk])),
):
    begun = time.perf_counter()
    step()
    steps.append((name, time.perf_counter() - begun))
print(json.dumps(steps))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("open", type=int, nargs="?", default=5_000, help="running deals")
    parser.add_argument("--simulated", type=int, default=2_000, help="deals that are simulated")
    parser.add_argument("--times", type=int, default=100, help="deals that are scored")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tsunagu-one-deal-") as home:
        prepare(home)
        simulate_and_fit(Path(home), wanted.simulated)
        counts = copy_until(wanted.open)
        print(f"command: {' '.join(sys.argv)}")
        print(
            f"machine: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        print(f"python {platform.python_version()}; {counts}\n", flush=True)
        print_first()
        print_cold(wanted.times)


def print_first() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST], check=True, stdout=subprocess.PIPE, text=True
    )
    print("a process that has just started, ms")
    for name, seconds in json.loads(done.stdout.splitlines()[-1]):
        print(f"  {name:18}{1_000 * seconds:9.0f}")


def print_cold(times: int) -> None:
    from django.db.models import Q
    from django.utils import timezone

    from tsunagu.app.deals.models import Deal
    from tsunagu.app.scoring import actions, active, bridge

    actions.rehearse()
    version = active.active_version()
    if version is None:
        raise SystemExit("no model was fitted")
    model, prepared = active.model_of(version), active.prepared_of(version, timezone.now())

    def foresee(deal: int) -> Any:
        return list(bridge.foresee_few(model, prepared, Q(pk=deal), timezone.now()))

    running = Deal.objects.filter(outcome__isnull=True).order_by("pk")
    keys = list(running.values_list("pk", flat=True))
    chosen = keys[:: max(1, len(keys) // (2 * times))]
    print("\na warm process, a deal it never looked at, on a new connection")
    print(f"  {'':10}{'median ms':>11}{'95th ms':>10}{'cpu ms':>9}{'queries':>9}")
    steps: list[tuple[str, Callable[[int], Any]]] = [
        ("foresee", foresee),
        ("rescore", lambda deal: actions.rescore_deals([deal])),
    ]
    for place, (name, step) in enumerate(steps):
        print(told(name, step, chosen[place::2][:times]))


def told(name: str, step: Callable[[int], Any], deals: list[int]) -> str:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    connection.close()
    with CaptureQueriesContext(connection) as queries:
        step(deals[0])
    seconds, worked = [], []
    for deal in deals[1:]:
        connection.close()
        begun, before = time.perf_counter(), time.process_time()
        step(deal)
        seconds.append(1_000 * (time.perf_counter() - begun))
        worked.append(1_000 * (time.process_time() - before))
    median, late = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    line = f"  {name:10}{median:11.1f}{late:10.1f}{statistics.median(worked):9.1f}{len(queries):9}"
    return f"{line}   {median / ALLOWED:.2f} of the {ALLOWED:.0f} ms allowed"


if __name__ == "__main__":
    main()
