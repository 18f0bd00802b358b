"""Deals that are new here get the risk curve that the model in use would have drawn.

Each week's risk is computed as of then, from nothing that came later; the model itself may have
learned since, so these points are marked as ``traced``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.scoring import bridge, runs, writing
from tsunagu.app.scoring.active import active_version, model_of
from tsunagu.app.scoring.models import RunKind, ScorePoint

Progress = Callable[[str, float], None]

AT_ONCE = 10_000
"""Deals whose curves are computed together: some hundred thousand points."""

WEEK = timedelta(days=7)


def trace_back(progress: Progress | None = None) -> int:
    """Draw the curves of all running deals that have none yet; returns of how many.

    :class:`~tsunagu.app.scoring.models.Run` shows the progress and takes the wish to stop.
    """
    with runs.working_on(runs.open_run(RunKind.TRACE)) as worker:
        return 0 if worker is None else _trace(worker, progress or runs.silent)
    return 0  # stopped: leaving the run ends here


def forget_traces(deal_ids: Iterable[int]) -> None:
    """Facts of the past came in: what was computed without them is drawn anew."""
    ScorePoint.objects.filter(deal__in=list(deal_ids), traced=True).delete()


def _trace(worker: runs.Worker, progress: Progress) -> int:
    version, done = active_version(), 0
    total = _untraced(worker.run.cursor).count()
    if version is None or not total:
        return 0
    pages = _pages(worker.run.cursor)
    for page, points in bridge.curves(model_of(version), timezone.now(), pages):
        with transaction.atomic():
            writing.write_traces(points)
            worker.advance(page[-1], len(page))
        done += len(page)
        share = done / max(total, done)
        worker.tell("trace", share)
        progress("trace", share)
    return done


def _pages(cursor: int) -> Iterator[Sequence[int]]:
    while page := list(_untraced(cursor)[:AT_ONCE]):
        yield page
        cursor = page[-1]


def _untraced(cursor: int) -> QuerySet[Deal, int]:
    """Keys, in their order."""
    curve = ScorePoint.objects.filter(deal=OuterRef("pk"), traced=True)
    old = Deal.objects.filter(outcome__isnull=True, created_at__lt=timezone.now() - WEEK)
    new_here = old.filter(~Exists(curve), pk__gt=cursor)
    return new_here.order_by("pk").values_list("pk", flat=True)
