"""How long the import takes, beside a bare ``executemany`` of the same rows.

    .venv/bin/python benchmarks/import_files.py --activities 100000 --deals 10000

Makes files, an SQLite database in a temporary folder (PostgreSQL with DATABASE_URL), brings the
files in with the import's own code, and then writes the very same rows again with one
``executemany`` into an empty table of the same shape, with the same indexes. Prints the command,
the ratio, and all seconds as one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=100_000)
    parser.add_argument("--deals", type=int, default=10_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_files(home, wanted.deals, wanted.activities)
        found = bring(home, wanted.deals, wanted.activities)
        if "DATABASE_URL" not in os.environ:
            found["executemany_s"] = bare(home / "tsunagu.sqlite3")
            found["ratio"] = round(found["activities_s"] / found["executemany_s"], 2)
            found["ratio_with_dry_run"] = round(
                (found["activities_s"] + found["activities_check_s"]) / found["executemany_s"], 2
            )
    print("command: python", " ".join(sys.argv))
    print(f"deals: {found['deals_s']} s, {found['deals_cpu_s']} s of them on the processor")
    if "ratio" in found:
        print(f"activities: {found['activities_s']} s, {found['ratio']} times one executemany")
    load = round(os.getloadavg()[0], 1)
    machine = {"cpus": os.cpu_count(), "load": load, "python": platform.python_version()}
    print(json.dumps({**vars(wanted), **found, **machine}))


def write_files(home: Path, deals: int, activities: int) -> None:
    """CSV files as a Japanese SFA writes them."""
    header = "案件番号,案件名,取引先名,担当者,作成日,フェーズ,金額,完了予定日\n"
    with (home / "deals.csv").open("w", encoding="utf-8") as stream:
        stream.write(header)
        for n in range(deals):
            day = f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}"
            stage = ("提案", "交渉", "受注", "失注")[n % 4]
            stream.write(
                f"D{n:07},案件{n},顧客{n % 2000},担当{n % 50},{day},{stage},{n * 1000},2025-10-01\n"
            )
    kinds = ("電話", "訪問", "メール", "会議")
    with (home / "activities.csv").open("w", encoding="utf-8") as stream:
        stream.write("案件番号,活動日時,種別,担当者,内容\n")
        for n in range(activities):
            at = f"2025-{n % 9 + 1:02}-{n % 28 + 1:02} {n % 10 + 8:02}:{n % 60:02}:{n % 59:02}"
            deal = n * 7919 % deals
            stream.write(f"D{deal:07},{at},{kinds[n % 4]},担当{n % 50},打ち合わせの内容{n}\n")


def bring(home: Path, deals: int, activities: int) -> dict[str, Any]:
    """Bring both files in; seconds of the dry runs and the imports."""
    os.environ["TSUNAGU_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tsunagu.app.config.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from tsunagu.app.people.actions import create_user

    call_command("migrate", verbosity=0)
    user = create_user(None, name="業務", email="ops@example.jp", role="operations")
    found: dict[str, Any] = {}
    for kind, rows in (("deals", deals), ("activities", activities)):
        source, times = timed(user, home / f"{kind}.csv", kind)
        if source.written["new"] != rows:
            raise SystemExit(f"{kind}: {source.state} {source.written} {source.error}")
        found |= {f"{kind}_{name}": round(seconds, 2) for name, seconds in times.items()}
    return found


def timed(user: Any, file: Path, kind: str) -> tuple[Any, dict[str, float]]:
    """One file all the way in."""
    from tsunagu.app.exchange import actions, mapping, running

    marks = [time.perf_counter()]
    content = file.read_bytes()
    source = actions.upload(user, kind=kind, name=file.name, size=len(content), blocks=[content])
    marks.append(time.perf_counter())
    actions.map_columns(user, source, mapping.guess(source))
    running.work(source.pk)
    marks.append(time.perf_counter())
    source.refresh_from_db()
    actions.start(user, source)
    worked = time.process_time()
    running.work(source.pk)
    worked = time.process_time() - worked
    marks.append(time.perf_counter())
    source.refresh_from_db()
    names = ("upload_s", "check_s", "s")
    times = {n: b - a for n, a, b in zip(names, marks[:-1], marks[1:], strict=True)}
    return source, {**times, "cpu_s": worked}


def bare(database: Path) -> float:
    """Seconds that one executemany of the imported activities takes."""
    base = sqlite3.connect(database)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=NORMAL")
    base.execute("PRAGMA cache_size=-65536")
    source = base.execute("SELECT max(source) FROM deals_event").fetchone()[0]
    columns = [row[1] for row in base.execute("PRAGMA table_info(deals_event)")][1:]
    names = ", ".join(f'"{name}"' for name in columns)
    rows = base.execute(
        f"SELECT {names} FROM deals_event WHERE source = ? ORDER BY id", [source]
    ).fetchall()
    for (statement,) in base.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'deals_event'"
        " AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC"
    ).fetchall():
        base.execute(statement.replace("deals_event", "bare").replace(' INDEX "', ' INDEX "bare_'))
    base.commit()
    marks = ", ".join("?" * len(columns))
    began = time.perf_counter()
    base.executemany(f"INSERT INTO bare ({names}) VALUES ({marks})", rows)
    base.commit()
    taken = time.perf_counter() - began
    base.close()
    return round(taken, 2)


if __name__ == "__main__":
    main()
