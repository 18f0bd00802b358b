#!/usr/bin/env python3
"""How long calls of the API take, at one worker, with many deals.

    .venv/bin/python benchmarks/api.py 100000 [--activities 5] [--rows 100000] [--repeats 100]

Fills a new SQLite database as benchmarks/pages.py does, then lists 100 deals and 100 facts of all
deals as a representative, a manager and sales operations, and sends so many activities in calls of
10,000 rows, spread over the deals as a day's records of a whole house are. The calls go through
Django's own client in this process: token, limit, queries, JSON and entity tags are in the time,
the socket is not. Beside them stands what the two targets of the issue allow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

from pages import fill, prepare

AT_ONCE = 10_000
LISTS = (
    "/deals?",
    "/deals?sort=-amount",
    "/deals?sort=close_date",
    "/deals?status=all&sort=-changed_at",
    "/events?sort=id",
    "/events?sort=-at",
    "/events?kind=outcome&sort=-at",
    "/activities?since=2026-01-01T00:00:00Z",
)
LIST_TARGET, BULK_TARGET = 60.0, 30.0  # milliseconds, 95th percentile; seconds for 100,000 rows


def main() -> None:
    wanted = arguments()
    with tempfile.TemporaryDirectory(prefix="tsunagu-api-") as home:
        os.environ["API_CALLS_A_MINUTE"] = "1000000"
        prepare(home)
        begun = time.perf_counter()
        people = fill(wanted.deals, wanted.activities)
        made = time.perf_counter() - begun
        print(f"command: {' '.join(sys.argv)}")
        load = os.getloadavg()[0]
        print(f"machine: {platform.platform()}, {os.cpu_count()} cores, load {load:.1f}")
        print(f"python {platform.python_version()}; {wanted.deals:,} deals made in {made:.0f} s\n")
        print(f"{'list of 100':52}{'median ms':>11}{'95th ms':>9}{'cpu ms':>8}{'queries':>9}")
        for role in ("representative", "manager", "operations"):
            for path in LISTS:
                listed(role, people[role], path, wanted.repeats)
        bulk(people["operations"], wanted.rows, wanted.deals)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deals", type=int)
    parser.add_argument("--activities", type=int, default=5, help="a deal, before")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=100)
    return parser.parse_args()


def program(user: Any) -> Any:
    """A client with a token of ``user``."""
    from django.test import Client
    from django.utils import timezone

    from tsunagu.app.exchange.api import scopes, tokens

    until = timezone.now() + timedelta(days=30)
    _token, text = tokens.create_token(
        user, name="measuring", scopes=scopes.known(), expires_at=until
    )
    return Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {text}"})


def listed(role: str, user: Any, path: str, repeats: int) -> None:
    """The first page, and the pages after it, which cost the same."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = program(user)
    address = f"/api/v1{path}&limit=100"
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    queries, times, spent, cursor = len(seen), [], [], ""
    for _ in range(repeats):
        begun, worked = time.perf_counter(), time.process_time()
        answer = client.get(f"{address}&cursor={cursor}")
        times.append(1_000 * (time.perf_counter() - begun))
        spent.append(1_000 * (time.process_time() - worked))
        cursor = answer.json()["next"] or ""
    late = statistics.quantiles(times, n=20)[-1]
    took, cpu = statistics.median(times), statistics.median(spent)
    print(f"{role + ' ' + path:52}{took:11.1f}{late:9.1f}{cpu:8.1f}{queries:9}", flush=True)
    print(f"{'':52}{late / LIST_TARGET:20.2f} of the {LIST_TARGET:.0f} ms allowed")


def bulk(user: Any, size: int, deals: int) -> None:
    """Activities with numbers of their own, each call over deals all over the house."""
    from django.utils import timezone

    client, now = program(user), timezone.now()
    times, worked, taken = [], time.process_time(), 0
    for start in range(0, size, AT_ONCE):
        rows = [_activity(n, deals, now) for n in range(start, min(start + AT_ONCE, size))]
        body = json.dumps(rows)
        begun = time.perf_counter()
        answer = client.post("/api/v1/bulk/activities", body, content_type="application/json")
        times.append(time.perf_counter() - begun)
        taken += answer.json()["counts"]["new"]
    if taken != size:
        raise SystemExit(f"{taken:,} of {size:,} activities were taken")
    print(f"\n{size:,} activities in {len(times)} calls: {sum(times):.1f} s")
    print(f"cpu {time.process_time() - worked:.1f} s; slowest call {max(times):.1f} s")
    share = sum(times) / (BULK_TARGET * size / 100_000)
    print(f"{share:.2f} of the {BULK_TARGET:.0f} s allowed for 100,000")


def _activity(number: int, deals: int, now: Any) -> dict[str, Any]:
    at = now - timedelta(minutes=random.randint(1, 10_000), seconds=random.randint(0, 59))
    return {
        "id": f"N-{number}",
        "deal": f"D{random.randint(1, deals)}",
        "at": at.isoformat(),
        "type": random.choice(("call", "email", "meeting", "visit")),
        "direction": random.choice(("in", "out", "both")),
        "text": "what was said, in some words",
    }


if __name__ == "__main__":
    main()
