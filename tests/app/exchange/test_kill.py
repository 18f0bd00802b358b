"""A worker that is killed (kill -9) in the middle of an import: nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PEOPLE, DEALS, ACTIVITIES = 5, 1_500, 60_000
LEASE = "1"

BEGIN = """
import django; django.setup()
from pathlib import Path
from tsunagu.app.people.actions import create_user
from tsunagu.app.exchange import actions, mapping, running
user = create_user(None, name="業務", email="ops@example.jp", role="operations")
for kind in ("deals", "activities"):
    content = Path(kind + ".csv").read_bytes()
    file = {"name": kind + ".csv", "size": len(content), "blocks": [content]}
    source = actions.upload(user, kind=kind, **file)
    actions.map_columns(user, source, mapping.guess(source))
    running.work(source.pk)
    actions.start(user, source)
    if kind == "deals":
        running.work(source.pk)
print(source.pk)
"""


def write_files(folder: Path) -> None:
    deals = [f"D{n},案件{n},顧客{n % 50},担当{n % PEOPLE},2024-01-01" for n in range(DEALS)]
    rows = [
        f"D{n % DEALS},2024-{n % 12 + 1:02}-{n % 28 + 1:02},電話,担当{n % PEOPLE},話{n}"
        for n in range(ACTIVITIES)
    ]
    for name, header, lines in (
        ("deals", "案件番号,案件名,取引先名,担当者,作成日", deals),
        ("activities", "案件番号,活動日,種別,担当者,内容", rows),
    ):
        (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


class Installation:
    """One on a database of its own, with workers as processes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "SECRET_KEY"}}
        self.env = {
            **kept,
            "TSUNAGU_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings",
            "TSUNAGU_IMPORT_LEASE": LEASE,
        }

    def run(self, *command: str) -> str:
        done = subprocess.run(  # noqa: S603
            [sys.executable, *command],
            cwd=self.home,
            env=self.env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "django", "db_worker", "--interval", "0.1"]
        return subprocess.Popen(  # noqa: S603
            [*command, "--no-startup-delay", "-v", "0"], cwd=self.home, env=self.env
        )

    def serve(self, port: int) -> subprocess.Popen[bytes]:
        command = [Path(sys.executable).with_name("tsunagu"), "serve", "--port", str(port)]
        return subprocess.Popen(command, cwd=self.home, env=self.env)  # noqa: S603

    def ask(self, query: str) -> tuple[Any, ...]:
        base = sqlite3.connect(self.home / "tsunagu.sqlite3", timeout=20)
        try:
            row: tuple[Any, ...] = base.execute(query).fetchone()
        finally:
            base.close()
        return row

    def tell(self, statement: str) -> None:
        base = sqlite3.connect(self.home / "tsunagu.sqlite3", timeout=20)
        with base:
            base.execute(statement)
        base.close()

    def wait(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.ask(
                "SELECT done, total, error FROM exchange_import ORDER BY id DESC"
            )
            time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="looks into the embedded database")
def test_killed_workers_lose_and_repeat_nothing(tmp_path: Path) -> None:
    write_files(tmp_path)
    there = Installation(tmp_path)
    there.run("-m", "django", "migrate", "-v", "0")
    pk = int(there.run("-c", BEGIN).split()[-1])
    progress = f"SELECT done FROM exchange_import WHERE id = {pk}"  # noqa: S608
    stopped_at = [0]
    for _kill in range(3):
        worker = there.worker()
        there.wait(lambda: there.ask(progress)[0] > stopped_at[-1])
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        stopped_at.append(there.ask(progress)[0])
    assert stopped_at[-1] < ACTIVITIES, "killed too late: the test shows nothing"

    worker = there.worker()
    try:
        finished = f"SELECT finished_at IS NOT NULL FROM exchange_import WHERE id = {pk}"  # noqa: S608
        there.wait(lambda: bool(there.ask(finished)[0]))
    finally:
        worker.kill()
        worker.wait()

    require_all_once(there, pk)


def require_all_once(there: Installation, pk: int) -> None:
    counts = "SELECT count(*), count(DISTINCT deal_id || natural_key), count(DISTINCT text)"
    assert there.ask(f"{counts} FROM deals_event WHERE source = {pk}") == (ACTIVITIES,) * 3
    assert (
        there.ask(f"SELECT written ->> 'new' FROM exchange_import WHERE id = {pk}")[0]  # noqa: S608
        == ACTIVITIES
    )
    newest = "SELECT max(at) FROM deals_event e WHERE e.deal_id = d.id AND kind = 'call'"
    wrong = f"SELECT count(*) FROM deals_deal d WHERE last_activity_at IS NOT ({newest})"  # noqa: S608
    assert there.ask(wrong)[0] == 0


@pytest.mark.slow
@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="looks into the embedded database")
def test_a_server_that_is_started_again_goes_on_by_itself(tmp_path: Path) -> None:
    """Killed with all its workers, and with it the tasks that waited: the import alone knows."""
    write_files(tmp_path)
    there = Installation(tmp_path)
    there.run("-m", "django", "migrate", "-v", "0")
    pk = int(there.run("-c", BEGIN).split()[-1])
    progress = f"SELECT done FROM exchange_import WHERE id = {pk}"  # noqa: S608
    server = there.serve(free_port())
    there.wait(lambda: there.ask(progress)[0] > 0)
    kill_all(server)
    assert 0 < there.ask(progress)[0] < ACTIVITIES, "killed too late: the test shows nothing"
    there.tell("DELETE FROM django_tasks_database_dbtaskresult")
    time.sleep(float(LEASE))  # nobody holds the import any more

    server = there.serve(free_port())
    try:
        finished = f"SELECT finished_at IS NOT NULL FROM exchange_import WHERE id = {pk}"  # noqa: S608
        there.wait(lambda: bool(there.ask(finished)[0]))
    finally:
        kill_all(server)

    require_all_once(there, pk)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def kill_all(server: subprocess.Popen[bytes]) -> None:
    """Kill -9 the server and the processes below it, which have sessions of their own."""
    below = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for pid in (server.pid, *map(int, below)):
        os.kill(pid, signal.SIGKILL)
    server.wait()
