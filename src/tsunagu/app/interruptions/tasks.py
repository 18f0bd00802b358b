"""What workers do for interruptions. The queue ``scores`` is for what people wait for."""

from __future__ import annotations

from django_tasks import task

from tsunagu.app.interruptions import explaining, gathering, limits, looking


@task(queue_name="scores")
def look_at_due() -> int:
    """Look at the deals that changed, and at those that it is time for."""
    return gathering.look_at_waiting()


@task()
def nightly() -> None:
    """Let decisions teach the thresholds and the causes, then look at all open deals with them."""
    limits.learn()
    explaining.learn()
    looking.look_at_all()


@task()
def look_again(process: int) -> None:
    """Look at the process's open deals, whose thresholds changed."""
    looking.look_at_all(process)
