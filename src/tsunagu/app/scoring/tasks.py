"""Work that is done outside of requests. The queue ``scores`` is for what people wait for."""

from __future__ import annotations

from django.core.management import call_command
from django.utils import timezone
from django_tasks import task

from tsunagu.app.scoring import actions, registry, runs, tracing, watching
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
    """Fit the model anew, then score all open deals with the one that is in use then."""
    actions.run_fit()
    return _score_and_watch()


@task()
def measure_first() -> bool:
    """Write the card of the first model, which was put to use unmeasured."""
    return registry.measure()


def _score_and_watch() -> int:
    count = actions.rescore_all()
    registry.measure()
    tracing.trace_back()
    watching.watch()
    return count


@task()
def trace_back() -> int:
    """Draw the curves that are missing."""
    return tracing.trace_back()


@task()
def nightly() -> int:
    """A fresh model where it is due, then all scores, then a look for drift."""
    if actions.fit_is_due(timezone.now()):
        actions.run_fit()
    return _score_and_watch()


@task(queue_name="scores")
def take_up() -> None:
    """Take up what a worker that died left behind."""
    if RescoreRequest.objects.exists():
        actions.rescore_waiting()
    for run in runs.dead_runs():
        _TASKS[RunKind(run.kind)].enqueue()


_TASKS = {
    RunKind.FIT: fit_and_rescore,
    RunKind.RESCORE: rescore_all,
    RunKind.TRACE: trace_back,
}
"""What takes a run of each kind up again."""


@task()
def prune_models() -> int:
    """Remove the files of models of long ago."""
    return registry.prune(timezone.now())


@task()
def tidy_up() -> None:
    """Forget the results of tasks that ended long ago."""
    call_command("prune_db_task_results", verbosity=0)
