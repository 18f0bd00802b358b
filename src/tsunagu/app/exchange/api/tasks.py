"""What workers do for the API."""

from __future__ import annotations

from django_tasks import task

from tsunagu.app.exchange.api import idempotency


@task()
def tidy_up() -> int:
    """Forget answers that are no longer given again."""
    return idempotency.forget_old()
