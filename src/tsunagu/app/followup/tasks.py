"""What workers do for mails. The queue ``scores`` is for what people wait for."""

from __future__ import annotations

from django_tasks import task

from tsunagu.app.followup import delivery


@task(queue_name="scores")
def deliver(pk: int) -> bool:
    """Send one mail."""
    return delivery.deliver(pk)


@task()
def take_up() -> int:
    """See to mails whose wait is over, or whose worker died; returns how many go out again."""
    waiting = [*delivery.due_again(), *delivery.left_behind()]
    for pk in waiting:
        deliver.enqueue(pk)
    return len(waiting)
