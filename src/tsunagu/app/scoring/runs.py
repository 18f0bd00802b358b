"""Long work that can be watched, stopped, and taken up again after its worker died."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic

from django.db import (
    IntegrityError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tsunagu.app.people.models import User
from tsunagu.app.scoring.models import Run

BEAT_SECONDS = 10
DEAD_AFTER = timedelta(seconds=45)
"""A worker that lives marks its run more often than this."""

TOLD_EVERY = 0.5

Progress = Callable[[str, float], None]


class Stopped(Exception):  # noqa: N818  (no error: somebody wished it)
    """The run was stopped by a person, or taken over by another worker."""


def open_run(kind: str, user: User | None = None) -> Run:
    """The run of ``kind`` that is under way or waits; a new one if there is none."""
    with suppress(IntegrityError), transaction.atomic():
        return Run.objects.create(kind=kind, asked_by=user)
    return Run.objects.get(kind=kind, finished_at__isnull=True)


def dead_runs() -> list[Run]:
    """Open runs whose worker gives no sign of life, or that no worker ever began."""
    silent = Q(beat_at__lt=timezone.now() - DEAD_AFTER)
    waiting = Q(beat_at__isnull=True, created_at__lt=timezone.now() - DEAD_AFTER)
    return list(Run.objects.filter(silent | waiting, finished_at__isnull=True))


@contextmanager
def working_on(run: Run) -> Iterator[Worker | None]:
    """Take ``run`` up and finish it; None where another worker has it.

    An error ends the run and is kept in its ``problem``; an end of the process leaves it open.
    """
    worker = Worker.claim(run)
    if worker is None:
        yield None
        return
    try:
        with worker.heart():
            yield worker
    except Stopped:
        worker.finish()
    except Exception as error:
        worker.finish(problem=str(error) or type(error).__name__)
        raise
    else:
        worker.finish(share=1.0)


class Worker:
    """Who works on a run. Every update checks that it still is the one."""

    def __init__(self, run: Run, token: str) -> None:
        self.run, self._token, self._told = run, token, 0.0

    @classmethod
    def claim(cls, run: Run) -> Worker | None:
        """Become the run's worker unless another one lives: a conditional update."""
        free = Q(beat_at__isnull=True) | Q(beat_at__lt=timezone.now() - DEAD_AFTER)
        token = uuid.uuid4().hex
        open_one = Run.objects.filter(free, pk=run.pk, finished_at__isnull=True)
        if not open_one.update(worker=token, beat_at=timezone.now()):
            return None
        run.refresh_from_db()
        return cls(run, token)

    def tell(self, step: str, share: float) -> None:
        """Show progress, at most every half second.

        Raises:
            Stopped: somebody stopped the run, or another worker took it over.
        """
        if monotonic() - self._told < TOLD_EVERY and share < 1:
            return
        self._told = monotonic()
        self.keep(step=step, share=share)
        if self._mine().filter(stop=True).exists():
            raise Stopped

    def advance(self, cursor: int, done: int) -> None:
        """Say that all deals up to ``cursor`` are done; call it in their transaction.

        Raises:
            Stopped: another worker took the run over; the transaction must fail.
        """
        self.keep(cursor=cursor, done=F("done") + done)

    def keep(self, **values: object) -> None:
        """Update the run.

        Raises:
            Stopped: another worker took it over.
        """
        if not self._mine().update(beat_at=timezone.now(), **values):
            raise Stopped

    def finish(self, **values: object) -> None:
        """Close the run if it still is ours."""
        self._mine().update(finished_at=timezone.now(), **values)

    @contextmanager
    def heart(self) -> Iterator[None]:
        """Let a thread mark the run while the work is busy elsewhere; it dies with the process."""
        if connection.in_atomic_block:  # a test: a second connection would see nothing
            yield
            return
        end = threading.Event()
        thread = threading.Thread(target=self._beat, args=(end,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def _beat(self, end: threading.Event) -> None:
        while not end.wait(BEAT_SECONDS):
            with suppress(OperationalError):  # busy: the next beat will do
                self._mine().update(beat_at=timezone.now())
            close_old_connections()
        connection.close()

    def _mine(self) -> QuerySet[Run]:
        return Run.objects.filter(pk=self.run.pk, worker=self._token, finished_at__isnull=True)


def both(one: Progress, other: Progress) -> Progress:
    """Progress that two listen to."""

    def tell(step: str, share: float) -> None:
        one(step, share)
        other(step, share)

    return tell


def silent(_step: str, _share: float) -> None:
    """Progress that nobody listens to."""
