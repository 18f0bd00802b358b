#!/usr/bin/env python3
"""How long the nightly scoring of all open deals takes, and what people notice of it meanwhile.

    .venv/bin/python benchmarks/rescoring.py 100000 [--simulated 10000]

Simulates an organisation in a new SQLite database in a temporary folder, fits the model on it, then
copies its running deals, with their facts and their owners, until there are so many. A process of
its own scores them all at the niceness of the worker, while this process asks for Today and the
list of deals, one after the other, through Django's own client (as in pages.py). Prints the seconds
of the whole process, and the median and 95th percentile of the pages before and during it. The
curves of the past, which are drawn once when a deal is new, are not part of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pages import prepare

PAGES = ("/today/", "/deals/")
PAUSE = 0.05
"""Seconds between two pages: a busy office, not a load test."""

REST = 20
"""Pages of each kind that are asked for before the scoring begins."""


RESCORE = """
from tsunagu.cli import application
application.set_up()
from tsunagu.app.scoring.actions import rescore_all
rescore_all()
"""


def main() -> None:
    wanted = arguments()
    with tempfile.TemporaryDirectory(prefix="tsunagu-rescoring-") as home:
        prepare(home)
        begun = time.perf_counter()
        simulate_and_fit(Path(home), wanted.simulated)
        counts = copy_until(wanted.open)
        print(f"command: {' '.join(sys.argv)}")
        load = os.getloadavg()[0]
        print(f"machine: {platform.platform()}, {os.cpu_count()} cores, load before {load:.1f}")
        made = time.perf_counter() - begun
        print(f"python {platform.python_version()}; {counts}, made in {made:.0f} s\n", flush=True)
        ask = visitor()
        at_rest = {page: [ask(page) for _ in range(REST)] for page in PAGES}
        seconds, meanwhile = rescore(ask)
        print(f"all scored in {seconds:.1f} s (with the start of the process)\n")
        print(f"{'page':12}{'at rest':>22}{'meanwhile':>22}   median, 95th percentile, in ms")
        for page in PAGES:
            print(f"{page:12}{told(at_rest[page]):>22}{told(meanwhile[page]):>22}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("open", type=int, help="running deals")
    parser.add_argument("--simulated", type=int, default=10_000, help="deals that are simulated")
    return parser.parse_args()


def simulate_and_fit(home: Path, deals: int) -> None:
    from tsunagu.analytics.simulation import simulate
    from tsunagu.app.demo.loading import load
    from tsunagu.app.scoring import registry

    now = datetime.now(UTC)
    simulate(home / "log", deals=deals, seed=11, end=now.date())
    load(home / "log", lambda numbers: [f"person {n}" for n in numbers], now)
    registry.first()


def copy_until(wanted: int) -> str:
    """Copy running deals round by round, each with owners of its own: their load stays usual."""
    from django.db import connection, transaction
    from django.db.models import Max

    from tsunagu.app.deals.models import Deal, Event
    from tsunagu.app.people.models import User

    running = Deal.objects.filter(outcome__isnull=True).count()
    step = {m: (m.objects.aggregate(last=Max("pk"))["last"] or 0) + 1 for m in (Deal, User)}
    originals = f"outcome IS NULL AND id < {step[Deal]}"
    for number in range(1, -(-wanted // running)):
        left = wanted - running * number
        chosen = f"SELECT id FROM deals_deal WHERE {originals} ORDER BY id LIMIT {left}"
        deal, user, name = number * step[Deal], number * step[User], f"|| '-{number}'"
        with transaction.atomic():
            people = {"id": f"id + {user}", "external_id": f"external_id {name}", "email": "NULL"}
            copy(User, people, f"id < {step[User]}")
            owners = {c: f"{c} + {user}" for c in ("owner_id", "created_owner_id")}
            keys = {"id": f"id + {deal}", "external_id": f"external_id {name}"}
            copy(Deal, {**keys, **owners}, f"id IN ({chosen})")
            said = f"CASE kind WHEN 'owner' THEN value {name} ELSE value END"
            facts = {"deal_id": f"deal_id + {deal}", "actor": f"actor {name}", "value": said}
            copy(Event, facts, f"deal_id IN ({chosen})")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    total = Deal.objects.filter(outcome__isnull=True).count()
    return f"{total:,} running deals of {Deal.objects.count():,}, {Event.objects.count():,} facts"


def copy(model: Any, changes: dict[str, str], where: str) -> None:
    """Copy rows within their table, with other expressions for some columns; ids are new."""
    from django.db import connection

    names = [f.column for f in model._meta.concrete_fields]
    kept = [n for n in names if n != "id" or "id" in changes]
    values = ", ".join(changes.get(name, name) for name in kept)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(kept)}) SELECT {values} FROM {table} WHERE {where}"
        )


def visitor() -> Callable[[str], float]:
    """Asks for a page as the busiest representative; gives the milliseconds it took."""
    from django.db.models import Count, Q
    from django.test import Client

    from tsunagu.app.people.models import User

    running = Count("deals", filter=Q(deals__outcome__isnull=True))
    busiest = User.objects.annotate(running=running).order_by("-running", "pk")[0]
    client = Client(SERVER_NAME="localhost")
    client.force_login(busiest, backend="allauth.account.auth_backends.AuthenticationBackend")

    def ask(page: str) -> float:
        begun = time.perf_counter()
        answer = client.get(page)
        if answer.status_code != 200:
            raise SystemExit(f"{page} answered {answer.status_code}")
        return 1_000 * (time.perf_counter() - begun)

    return ask


def rescore(ask: Callable[[str], float]) -> tuple[float, dict[str, list[float]]]:
    from tsunagu.cli.child import LONG_WORK

    command = ["nice", "-n", str(LONG_WORK), sys.executable, "-c", RESCORE]
    times: dict[str, list[float]] = {page: [] for page in PAGES}
    begun = time.perf_counter()
    work = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while work.poll() is None:
        for page in PAGES:
            times[page].append(ask(page))
            time.sleep(PAUSE)
    seconds = time.perf_counter() - begun
    if work.returncode:
        raise SystemExit("the scoring failed")
    return seconds, times


def told(times: list[float]) -> str:
    late = statistics.quantiles(times, n=20)[-1]
    return f"{statistics.median(times):.0f}, {late:.0f} (n={len(times)})"


if __name__ == "__main__":
    main()
