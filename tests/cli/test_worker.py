"""The worker waits for work without asking for it, and still does it at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.installation import Installation, installation, wait_for

TASKS = "django_tasks_database_dbtaskresult"
UNDONE = f"SELECT count(*) FROM {TASKS} WHERE finished_at IS NULL"  # noqa: S608
MOST_OF_A_CORE = 0.01

BEGIN = """
from tsunagu.cli import application
application.set_up()
application.migrate()
"""
ENQUEUE = """
from tsunagu.cli import application
application.set_up()
import time
from datetime import timedelta
from django.utils import timezone
from tsunagu.app.interruptions.tasks import look_at_due
for _ in range({times}):
    look_at_due.using(run_after=timezone.now() + timedelta(seconds={later})).enqueue()
    time.sleep(1)
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("worker")) as made:
        made.python("-c", BEGIN)
        yield made


@pytest.fixture(scope="module")
def worker(there: Installation) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tsunagu.cli.child", "worker", "scores"]
    process = subprocess.Popen(command, env=there.env, start_new_session=True)  # noqa: S603
    there.python("-c", ENQUEUE.format(times=1, later=0))
    wait_for(lambda: there.one(UNDONE) == 0, "the worker's start")
    yield process
    process.terminate()
    assert process.wait(10) == 0


def of_the_last(there: Installation, what: str, tasks: int) -> list[Any]:
    """Of the tasks that were asked for last, once they are done."""
    wait_for(lambda: there.one(UNDONE) == 0, "the tasks' end")
    order = f"ORDER BY enqueued_at DESC LIMIT {tasks}"
    return [value for (value,) in there.ask(f"SELECT {what} FROM {TASKS} {order}")]  # noqa: S608


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
@pytest.mark.usefixtures("worker")
def test_what_another_process_asks_for_is_done_within_a_second(there: Installation) -> None:
    seconds = "(julianday(finished_at) - julianday(enqueued_at)) * 86400"
    if there.database:
        seconds = "EXTRACT(EPOCH FROM finished_at - enqueued_at)"

    there.python("-c", ENQUEUE.format(times=3, later=0))

    assert min(of_the_last(there, seconds, 3)) < 1  # the others may have met a busy machine


@pytest.mark.slow
@pytest.mark.usefixtures("worker")
def test_what_was_put_off_is_done_when_it_is_due(there: Installation) -> None:
    there.python("-c", ENQUEUE.format(times=1, later=2))

    assert of_the_last(there, "started_at >= run_after", 1) == [True]


@pytest.mark.slow
def test_waiting_costs_less_than_a_hundredth_of_a_core(
    there: Installation, worker: subprocess.Popen[bytes]
) -> None:
    if there.database:
        pytest.skip("the worker asks PostgreSQL four times a second")
    before, seconds = cpu_seconds(worker), 4

    time.sleep(seconds)

    assert cpu_seconds(worker) - before <= MOST_OF_A_CORE * seconds
