"""What workers do for imports."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django_tasks import default_task_backend, task

from tsunagu.app.deals.changed import announce_many
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.exchange import lease, running
from tsunagu.app.exchange.models import Import

BATCH = 1_000


@task()
def work(pk: int) -> None:
    """Do what the import waits for.

    Beforehand it asks for itself again after the hold's end: should this worker be killed, the
    next one goes on from the checkpoint. If there is nothing left to do then, nothing happens.
    """
    source = Import.objects.filter(pk=pk).first()
    if source is None or not source.is_busy:
        return
    follow(pk)
    running.work(pk)


def follow(pk: int) -> None:
    """Ask for :func:`work` once a worker that took the import now would hold it no longer."""
    if default_task_backend.supports_defer:
        later = timezone.now() + lease.HELD * 1.25
        work.using(run_after=later).enqueue(pk)


@task(queue_name="scores")
def take_up() -> int:
    """Let imports whose worker vanished go on; beside the long work, which may be one of them."""
    from tsunagu.app.exchange.actions import resume_interrupted

    return resume_interrupted()


@task(queue_name="scores")
def announce(pk: int) -> None:
    """Tell the rest of the application which deals the import changed."""
    facts: Any = Event.objects.filter(source=pk).order_by().values_list("deal_id", flat=True)
    made = Deal.objects.filter(source=pk).values_list("pk", flat=True)
    ids = sorted({*facts.distinct(), *made})
    for start in range(0, len(ids), BATCH):
        announce_many(ids[start : start + BATCH])
