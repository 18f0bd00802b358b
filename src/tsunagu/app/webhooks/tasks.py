"""What workers do for webhooks. The queue ``outward`` is for talk with other programs."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from tsunagu.app.webhooks import outbox


@task(queue_name="outward")
def tell() -> int:
    """Tell what happened; returns how many messages arrived."""
    outbox.collect(timezone.now())
    return outbox.deliver()


@task(queue_name="outward")
def tidy_up() -> int:
    """Forget old messages."""
    return outbox.forget(timezone.now())
