"""What workers do for playbooks."""

from __future__ import annotations

from django_tasks import task

from tsunagu.app.playbooks import effects, escalating, watching


@task()
def look_at_runs() -> int:
    """Follow what changed without a fact, and let overdue tasks reach the managers."""
    watching.follow_others()
    late = escalating.escalate()
    if late:
        tell_managers.enqueue(late)
    return len(late)


@task()
def tell_managers(ids: list[int]) -> int:
    """Write to the managers about overdue tasks."""
    return escalating.tell_managers(ids)


@task()
def learn_effects() -> int:
    """Learn what plays do from the cases that were answered."""
    return effects.learn().cases
