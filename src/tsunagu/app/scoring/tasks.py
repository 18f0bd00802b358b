"""Work that is done outside of requests. The queue ``scores`` is for what people wait for."""

from __future__ import annotations

from django.core.management import call_command
from django.utils import timezone
from django_tasks import task

from tsunagu.app.scoring import actions, runs
from tsunagu.app.scoring.models import RescoreRequest, RunKind


@task(queue_name="scores")
def rescore_requested() -> int:
    """Score the deals that changed."""
    return actions.rescore_waiting()


@task()
def rescore_all() -> int:
    """Score all open deals."""
    return actions.rescore_all()


@task()
def fit_and_rescore() -> int:
    """Fit the model anew, then score all open deals with it."""
    actions.run_fit()
    return actions.rescore_all()


@task()
def nightly() -> int:
    """A fresh model where it is due, then all scores."""
    if actions.fit_is_due(timezone.now()):
        actions.run_fit()
    return actions.rescore_all()


@task(queue_name="scores")
def take_up() -> None:
    """Take up what a worker that died left behind."""
    if RescoreRequest.objects.exists():
        actions.rescore_waiting()
    for run in runs.dead_runs():
        (fit_and_rescore if run.kind == RunKind.FIT else rescore_all).enqueue()


@task()
def tidy_up() -> None:
    """Forget the results of tasks that ended long ago."""
    call_command("prune_db_task_results", verbosity=0)
