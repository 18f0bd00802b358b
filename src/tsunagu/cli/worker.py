"""A worker that waits without asking for tasks.

SQLite says in microseconds whether another connection wrote; only then, or once a task that was put
off is due, the worker asks. Asking a few times a second took more than a hundredth of a core.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from uuid import uuid4

from django.db import connection
from django.db.models import Min
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.compat import DEFAULT_TASK_BACKEND_ALIAS, TASKS_LOGGER
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

POLL_SECONDS = 0.25
"""How often a worker looks whether anybody wrote."""

ASK_SECONDS = 0.25
"""How often it asks for tasks where the database does not say whether anybody wrote."""


class Worker(db_worker.Worker):
    """Does the tasks of ``queue`` (``*``: all but the ``excluded``) until it is told to end.

    Args:
        poll: how often it looks whether anybody wrote, in seconds.
    """

    def __init__(self, queue: str, excluded: list[str], poll: float = POLL_SECONDS) -> None:
        super().__init__(
            queue_names=[queue],
            interval=poll,
            batch=True,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=uuid4().hex,
            excluded_queue_names=excluded,
        )
        for name in (TASKS_LOGGER, db_worker.logger.name):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def run(self) -> None:
        """Do what is ready, then wait for more."""
        while self.running:
            before = _written()  # before asking: what is written meanwhile must not be missed
            super().run()
            if self.running:
                self._wait(before)

    def _wait(self, before: object) -> None:
        """Until somebody wrote, or a task that was put off is due."""
        if before is None:
            time.sleep(ASK_SECONDS)
            return
        due = self._next_due()
        while _written() == before and (due is None or timezone.now() < due):
            time.sleep(self.interval)

    def _next_due(self) -> datetime | None:
        tasks = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
        if not self.process_all_queues:
            tasks = tasks.filter(queue_name__in=self.queue_names)
        tasks = tasks.exclude(queue_name__in=self.excluded_queue_names)
        due: datetime | None = tasks.aggregate(due=Min("run_after"))["due"]
        return due


def _written() -> object:
    """Differs from before once anybody else wrote; None where the database cannot say."""
    if connection.vendor != "sqlite":
        return None
    connection.ensure_connection()
    raw = connection.connection
    return raw, raw.execute("PRAGMA data_version").fetchone()
