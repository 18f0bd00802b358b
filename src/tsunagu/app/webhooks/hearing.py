"""Hears of changes while they happen, so that messages leave within a second."""

from __future__ import annotations

from collections.abc import Sequence

from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from tsunagu.app.webhooks.models import Endpoint
from tsunagu.app.webhooks.tasks import tell


def deal_changed(deal_id: int) -> None:
    """A fact was recorded, or a case has changed."""
    if Endpoint.objects.filter(removed_at__isnull=True, stopped_at__isnull=True).exists():
        ask()


def deals_changed(deal_ids: Sequence[int]) -> None:
    """Facts of many deals were recorded."""
    deal_changed(0)


def ask() -> None:
    """Let a worker tell, unless one is going to already."""
    waiting = DBTaskResult.objects.filter(task_path=tell.module_path, status=TaskResultStatus.READY)
    if not waiting.exists():
        tell.enqueue()
