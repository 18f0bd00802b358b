"""What workers do for the API."""

from __future__ import annotations

from django_tasks import task
from oauth2_provider.models import clear_expired

from tsunagu.app.exchange.api import idempotency


@task()
def tidy_up() -> int:
    """Forget answers that are no longer given again, and apps' tokens that open nothing."""
    clear_expired()
    return idempotency.forget_old()
