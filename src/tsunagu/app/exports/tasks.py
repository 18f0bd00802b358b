"""What workers do for exports."""

from __future__ import annotations

from django_tasks import task

from tsunagu.app.exports import actions, working


@task()
def work(pk: int) -> None:
    """Prepare a file."""
    working.work(pk)


@task()
def take_up() -> int:
    """Prepare files whose worker was killed, anew."""
    return actions.take_up()


@task()
def tidy_up() -> int:
    """Remove files that are no longer kept."""
    return actions.forget_old()
