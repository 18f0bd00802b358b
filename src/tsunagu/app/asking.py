"""Asks a worker for a task that sees to all that waits, once for however many who ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_tasks.base import Task, TaskResultStatus
from django_tasks_db.models import DBTaskResult


def ask_once(task: Task[Any, Any], after: timedelta | None = None) -> None:
    """Enqueue ``task``, unless it was asked for already and has not begun: it will see all.

    Args:
        after: how long it may wait for more to do, where the queue can put tasks off.
    """
    waiting = DBTaskResult.objects.filter(task_path=task.module_path, status=TaskResultStatus.READY)
    if not waiting.exists():
        soon = timezone.now() + after if after and task.get_backend().supports_defer else None
        task.using(run_after=soon).enqueue()
