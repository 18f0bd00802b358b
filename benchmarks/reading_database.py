#!/usr/bin/env python3
"""How long the analytics take to read the application's database, and how much memory.

    .venv/bin/python benchmarks/reading_database.py 100000 [--activities 20] [--rounds 3]

Makes so many deals with their facts in a new SQLite database in a temporary folder (as in
pages.py), then reads it in turn, each time in a process of its own:

* ``read_database``: the event log, ready for features, in DuckDB;
* ``columns``: a bare ADBC ``SELECT *`` of the same four tables into Arrow, the least it can cost;
* ``rows``: the same ``SELECT *`` by Python's sqlite3, row by row, and then into Arrow.

Prints of each the best seconds, the processor's seconds, the memory at its peak (a bare process
with the same imports beside it), and the ratio of the seconds to ``columns``.
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
from pathlib import Path
from typing import Any

TABLES = ("deals_event", "deals_deal", "customers_customer", "people_user")
WAYS = ("read_database", "columns", "rows", "imports only")


def main() -> None:
    wanted = arguments()
    if wanted.way:
        print(json.dumps(measured(wanted.way, wanted.file)))
        return
    with tempfile.TemporaryDirectory(prefix="tsunagu-reading-") as home:
        file = filled(home, wanted.deals, wanted.activities)
        print(f"command: {' '.join(sys.argv)}")
        load = os.getloadavg()[0]
        print(f"machine: {platform.platform()}, {os.cpu_count()} cores, load before {load:.1f}")
        print(f"python {platform.python_version()}; {counts(file)}\n")
        best = measure(file, wanted.rounds)
    print(f"{'way':16}{'seconds':>10}{'processor':>12}{'peak MB':>10}{'ratio':>8}")
    for way, found in best.items():
        ratio = found["seconds"] / best["columns"]["seconds"]
        figures = f"{found['seconds']:>10.2f}{found['processor']:>12.2f}{found['peak']:>10.0f}"
        print(f"{way:16}{figures}{ratio:>8.2f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deals", type=int)
    parser.add_argument("--activities", type=int, default=20, help="a deal")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def filled(home: str, deals: int, activities: int) -> Path:
    from pages import fill, prepare

    prepare(home)
    fill(deals, activities)
    return Path(home) / "tsunagu.sqlite3"


def counts(file: Path) -> str:
    import sqlite3

    with sqlite3.connect(file) as database:
        told = [
            f"{database.execute(f'SELECT count(*) FROM {t}').fetchone()[0]:,} {t}" for t in TABLES
        ]
    return f"{', '.join(told)}, {file.stat().st_size / 1e6:.0f} MB"


def measure(file: Path, rounds: int) -> dict[str, dict[str, float]]:
    """The round with the fewest seconds of each way; the ways take turns."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            command = [sys.executable, __file__, "0", "--way", way, "--file", str(file)]
            found[way].append(json.loads(subprocess.check_output(command)))
    return {way: min(each, key=lambda f: f["seconds"]) for way, each in found.items()}


def measured(way: str, file: Path) -> dict[str, float]:
    import adbc_driver_sqlite.dbapi  # noqa: F401  (not part of the time)

    import tsunagu.analytics.eventlog.database

    read: Any = {
        "read_database": lambda: tsunagu.analytics.read_database(f"sqlite:///{file}"),
        "columns": lambda: by_columns(file),
        "rows": lambda: by_rows(file),
        "imports only": lambda: None,
    }[way]
    begun, worked = time.perf_counter(), time.process_time()
    kept = read()
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    del kept
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "processor": processor, "peak": peak}


def by_columns(file: Path) -> Any:
    from adbc_driver_sqlite import dbapi

    tables = []
    with dbapi.connect(f"file:{file}?mode=ro") as connection:
        for table in TABLES:
            # In one piece: the driver takes a column's type from the first rows.
            options = {"adbc.sqlite.query.batch_rows": "10000000"}
            with connection.cursor(adbc_stmt_kwargs=options) as cursor:
                cursor.execute(f"SELECT * FROM {table}")
                tables.append(cursor.fetch_arrow_table())
    return tables


def by_rows(file: Path) -> Any:
    import sqlite3

    import pyarrow as pa

    tables = []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        for table in TABLES:
            cursor = connection.execute(f"SELECT * FROM {table}")
            columns: list[list[Any]] = [[] for _ in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    column.append(value)
            tables.append(pa.table(columns, names=[d[0] for d in cursor.description]))
    return tables


if __name__ == "__main__":
    main()
