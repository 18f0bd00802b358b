"""A worker that is killed (kill -9) in the middle of an import: nothing lost, nothing twice."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.installation import (
    Installation,
    free_port,
    installation,
    kill_all,
    serve,
    wait_for,
)

PEOPLE, DEALS, ACTIVITIES = 5, 1_500, 90_000
LEASE = "1"
PROGRESS = "SELECT done FROM exchange_import WHERE id = {}"
FINISHED = "SELECT finished_at IS NOT NULL FROM exchange_import WHERE id = {}"
UNDONE = "SELECT undone_at IS NOT NULL FROM exchange_import WHERE id = {}"
UNDO = """
import django; django.setup()
from tsunagu.app.exchange import actions
from tsunagu.app.exchange.models import Import
source = Import.objects.get(pk={})
actions.request_undo(source.user, source)
"""
FORGET_TASKS = """
from tsunagu.cli import application
application.set_up()
from django_tasks_db.models import DBTaskResult
DBTaskResult.objects.all().delete()
"""

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


def worker(there: Installation) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "django", "db_worker", "--interval", "0.1"]
    return subprocess.Popen(  # noqa: S603
        [*command, "--no-startup-delay", "-v", "0"],
        cwd=there.home,
        env={**there.env, "TSUNAGU_IMPORT_LEASE": LEASE},
    )


@pytest.mark.slow
def test_killed_workers_lose_and_repeat_nothing(tmp_path: Path) -> None:
    write_files(tmp_path)
    with installation(tmp_path) as there:
        there.python("-m", "django", "migrate", "-v", "0")
        pk = int(there.python("-c", BEGIN).split()[-1])
        kill_and_kill_again(there, pk)
        everything_is_in_once(there, pk)
        kill_while_it_is_taken_back(there, pk)
        nothing_is_left_of_it(there, pk)


@pytest.mark.slow
def test_a_server_that_is_started_again_goes_on_by_itself(tmp_path: Path) -> None:
    """Killed with all its workers, and with it the tasks that waited: the import alone knows."""
    write_files(tmp_path)
    with installation(tmp_path) as there:
        there.python("-m", "django", "migrate", "-v", "0")
        pk = int(there.python("-c", BEGIN).split()[-1])
        begun_server_is_killed(there, pk)
        there.python("-c", FORGET_TASKS)
        time.sleep(float(LEASE))  # nobody holds the import any more

        server = serve(there, free_port(), TSUNAGU_IMPORT_LEASE=LEASE)
        try:
            wait_for(lambda: there.one(FINISHED.format(pk)), "the end of the import")
        finally:
            kill_all(server)

        everything_is_in_once(there, pk)


def begun_server_is_killed(there: Installation, pk: int) -> None:
    server = serve(there, free_port(), TSUNAGU_IMPORT_LEASE=LEASE)
    wait_for(lambda: there.one(PROGRESS.format(pk)) > 0, "the first chunk")
    kill_all(server)
    assert 0 < there.one(PROGRESS.format(pk)) < ACTIVITIES, "killed too late: it shows nothing"


def kill_and_kill_again(there: Installation, pk: int) -> None:
    """Soon after a chunk is written, and in the middle of the next."""
    stopped_at = [0]
    for later in (0, 0.03, 0.08):
        stopped_at.append(killed_after(there, pk, stopped_at[-1], later))
        assert stopped_at[-1] < ACTIVITIES, "killed too late: the test shows nothing"
    worked_to_the_end(there, FINISHED.format(pk))


def killed_after(there: Installation, pk: int, done: int, later: float) -> int:
    """How far a worker came that went beyond ``done`` and was killed ``later`` seconds after."""
    killed = worker(there)
    wait_for(lambda: there.one(PROGRESS.format(pk)) > done, "the next chunk")
    time.sleep(later)
    killed.kill()
    killed.wait()
    return int(there.one(PROGRESS.format(pk)))


def worked_to_the_end(there: Installation, finished: str) -> None:
    last = worker(there)
    try:
        wait_for(lambda: there.one(finished), "the end of the import")
    finally:
        last.kill()
        last.wait()


def kill_while_it_is_taken_back(there: Installation, pk: int) -> None:
    there.python("-c", UNDO.format(pk))
    done = killed_after(there, pk, 0, 0)
    assert 0 < done < DEALS, "killed too late: the test shows nothing"
    assert 0 < there.one(f"SELECT count(*) FROM deals_event WHERE source = {pk}") < ACTIVITIES  # noqa: S608
    worked_to_the_end(there, UNDONE.format(pk))


def nothing_is_left_of_it(there: Installation, pk: int) -> None:
    assert there.one(f"SELECT count(*) FROM deals_event WHERE source = {pk}") == 0  # noqa: S608
    assert there.one("SELECT count(*) FROM deals_event WHERE kind = 'call'") == 0
    assert there.one("SELECT count(*) FROM deals_deal WHERE last_activity_at IS NULL") == DEALS


def everything_is_in_once(there: Installation, pk: int) -> None:
    counts = "SELECT count(*), count(DISTINCT deal_id || natural_key), count(DISTINCT text)"
    assert there.ask(f"{counts} FROM deals_event WHERE source = {pk}") == [(ACTIVITIES,) * 3]
    written = there.one(f"SELECT written ->> 'new' FROM exchange_import WHERE id = {pk}")  # noqa: S608
    assert int(written) == ACTIVITIES
    newest = "SELECT max(at) FROM deals_event e WHERE e.deal_id = d.id AND kind = 'call'"
    same = f"coalesce(last_activity_at = ({newest}), 1 = 0)"
    assert there.one(f"SELECT count(*) FROM deals_deal d WHERE NOT {same}") == 0  # noqa: S608
