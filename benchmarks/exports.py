#!/usr/bin/env python3
"""How long exports take, and how much memory: it must not grow with the rows.

    .venv/bin/python benchmarks/exports.py 10000 1000000 2000000

For each number makes an organisation with so many running deals, each with two facts, in a new
SQLite database in a temporary folder. Then each format is written by a process of its own: the list
of deals (15 columns) as CSV in UTF-8, as CSV in CP932 and as a workbook, the event log as Parquet,
the whole organisation as an archive, and the archive's restore into another new database. Prints
the time, the processor's time and the peak of the process's memory; then how much more memory the
largest number took than the smallest, beside a process that writes nothing.

SQLite's own pages are in the figures: 8 MB of them while something is exported (app/snapshots.py),
and up to 64 MB otherwise (app/config/databases.py), so in a restore. ``--pages 65536`` lets exports
take as many as requests may, which shows that the pages are what grows.

The event log is Arrow in memory, as every fit is; its growth is printed, and is not constant.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

LISTS = ("csv", "cp932", "xlsx")
JOBS = ("nothing", *LISTS, "log", "archive", "restore")
MEGABYTE = 1 << 20


def main() -> None:
    wanted = arguments()
    if wanted.job:
        print(json.dumps(run(wanted.job, Path(wanted.folder), wanted.pages)))
        return
    print(f"command: {' '.join(sys.argv)}")
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"python {platform.python_version()}, SQLite\n")
    print(f"{'':10}{'rows':>11}{'s':>9}{'cpu s':>9}{'rows/s':>10}{'peak MB':>9}{'file MB':>9}")
    peaks: dict[str, list[float]] = {}
    for rows in wanted.rows:
        for job, peak in measured(rows, wanted.jobs, wanted.pages).items():
            peaks.setdefault(job, []).append(peak)
    if len(wanted.rows) > 1:
        print(f"\nmore memory at {wanted.rows[-1]:,} rows than at {wanted.rows[0]:,}:")
        for job, found in peaks.items():
            print(f"{job:10}{found[-1] - found[0]:>8.0f} MB")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=JOBS)
    parser.add_argument("--pages", type=int, help="kilobytes of SQLite's pages in an export")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(rows: int, jobs: list[str], pages: int | None) -> dict[str, float]:
    """Peaks of memory in megabytes, by job."""
    with tempfile.TemporaryDirectory(prefix="tsunagu-exports-") as name:
        folder = Path(name)
        child("fill", folder, rows)
        found = {}
        for job in jobs:
            told = child(job, folder, pages=pages)
            found[job] = told["peak"] / MEGABYTE
            print(
                f"{job:10}{rows:>11,}{told['seconds']:>9.1f}{told['cpu']:>9.1f}"
                f"{rows / told['seconds']:>10,.0f}{found[job]:>9.0f}"
                f"{told['size'] / MEGABYTE:>9.0f}",
                flush=True,
            )
        return found


def child(job: str, folder: Path, rows: int = 0, pages: int | None = None) -> dict[str, Any]:
    home = folder / ("there" if job == "restore" else "here")
    home.mkdir(exist_ok=True)
    env = os.environ | {
        "TSUNAGU_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings",
        "SECRET_KEY": "only for measuring",
        "ROWS": str(rows),
    }
    command = [sys.executable, __file__, "--job", job, "--folder", str(folder)]
    command += ["--pages", str(pages)] if pages else []
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def run(job: str, folder: Path, pages: int | None) -> dict[str, Any]:
    import django

    django.setup()
    from tsunagu.app import snapshots

    snapshots.PAGES = pages or snapshots.PAGES
    work: Callable[[Path], Path | None] = WORK.get(job, write_list(job))
    began, cpu = time.perf_counter(), time.process_time()
    made = work(folder)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    size = made.stat().st_size if made and made.is_file() else 0
    return {"seconds": seconds, "cpu": used, "peak": peak, "size": size}


def fill(_folder: Path) -> None:
    """Rows by the database's own loop: only their number matters here."""
    from django.core.management import call_command
    from django.db import connection

    from tsunagu.app.deals.models import Process, Stage
    from tsunagu.app.people.actions import create_user

    call_command("migrate", verbosity=0)
    user = create_user(None, name="operations", email="o@x.jp", role="operations")
    process = Process.objects.create(name="standard", is_default=True)
    stage = Stage.objects.create(process=process, key="s", name="提案", position=0)
    rows = int(os.environ["ROWS"])
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
    at = "'2026-04-01 00:00:00'"
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "INSERT INTO customers_customer (id, external_id, name, industry, size, region,"
            f" attributes, created_at) {numbers} SELECT i, 'C' || i, '株式会社' || i, '製造', '',"
            f" '東京', '{{}}', {at} FROM n WHERE i <= {rows // 10 + 1}"
        )
        cursor.execute(
            "INSERT INTO deals_deal (id, external_id, title, customer_id, process_id, shared,"
            " attributes, created_owner_id, created_at, owner_id, stage_id, stage_since, amount,"
            f" close_date, changed_at) {numbers} SELECT i, 'D' || i, '検査装置の更新 ' || i,"
            f" i / 10 + 1, {process.pk}, 0, '{{}}', {user.pk}, {at}, {user.pk}, {stage.pk}, {at},"
            f" 1000000 + i, '2026-12-20', {at} FROM n"
        )
        for second in (1, 2):
            cursor.execute(
                "INSERT INTO deals_event (deal_id, at, kind, actor, direction, text, recorded_at)"
                f" {numbers} SELECT i, '2026-05-01 00:00:0{second}', 'call',"
                f" 'o@x.jp', 'out', '電話で予算を確認', {at} FROM n"
            )
        cursor.execute("COMMIT")
        cursor.execute("ANALYZE")


def nothing(_folder: Path) -> None:
    """What every export loads, and one query."""
    from tsunagu.app.deals.models import Deal
    from tsunagu.app.exports import lists, working

    if not (working.MAKERS and lists.every() and Deal.objects.exists()):
        sys.exit("There is nothing to export.")


def write_list(form: str) -> Callable[[Path], Path]:
    def work(folder: Path) -> Path:
        from django.http import QueryDict

        from tsunagu.app.exports import lists, writing
        from tsunagu.app.people.models import User
        from tsunagu.app.snapshots import snapshot

        writers = {
            "csv": writing.write_utf8,
            "cp932": writing.write_cp932,
            "xlsx": writing.write_workbook,
        }
        listed, user = lists.every()["deals"], User.objects.get()
        with snapshot():
            cells = listed.cells(user, QueryDict(""))
            writers[form](folder / form, listed.headings, cells)
        return folder / form

    return work


def log(folder: Path) -> Path:
    from tsunagu.app.exports.event_log import write_folder
    from tsunagu.app.snapshots import snapshot

    with snapshot():
        write_folder(None, folder / "log")
    return folder / "log/events.parquet"


def archive(folder: Path) -> Path:
    from tsunagu.app.exports.archive.packing import pack
    from tsunagu.app.snapshots import snapshot

    with snapshot():
        pack(folder / "all.zip", passwords=True, tell=lambda _done: None)
    return folder / "all.zip"


def restore(folder: Path) -> Path:
    from django.core.management import call_command

    from tsunagu.app.exports.archive.unpacking import restore as put_back

    call_command("migrate", verbosity=0)
    put_back(folder / "all.zip", lambda _step, _share: None)
    return folder / "there/tsunagu.sqlite3"


WORK: dict[str, Callable[[Path], Path | None]] = {
    "fill": fill,
    "nothing": nothing,
    "log": log,
    "archive": archive,
    "restore": restore,
}

if __name__ == "__main__":
    main()
