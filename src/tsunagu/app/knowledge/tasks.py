"""What workers do for knowledge."""

from __future__ import annotations

from django_tasks import task

from tsunagu.app.knowledge import profiles


@task()
def keep_up() -> int:
    """Let cases that ended be found by those that are like them."""
    return profiles.keep_up()
