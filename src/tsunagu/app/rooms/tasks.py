"""What workers do for team rooms."""

from __future__ import annotations

from django_tasks import task

from tsunagu.app.rooms import keeping


@task()
def tidy_up() -> int:
    """Delete the files of cases that are gone."""
    return keeping.sweep()
