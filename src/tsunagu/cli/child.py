"""The processes below ``tsunagu serve``: ``python -m tsunagu.cli.child web|worker ...``.

Each ends with its parent, however that ended: a server that is gone must not hold its port.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from tsunagu.cli import application

THREADS, BACKLOG = 4, 128
"""Of a web process: requests at once, and requests that wait."""

LONG_WORK = 10
"""Niceness of the worker for long work: pages and single scores go first."""


PROMPT_SECONDS = 0.1
"""How often the worker for what people wait for looks for it: a share of the second they wait."""


def main(arguments: list[str]) -> None:
    """Be a web server or a worker."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    role, *rest = arguments
    if role == "web":
        web(rest[0], int(rest[1]), int(rest[2]))
    else:
        worker(rest[0], rest[1:])


def web(host: str, port: int, workers: int) -> None:
    """Answer requests."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "tsunagu.app.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=BACKLOG,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


def worker(queue: str, excluded: list[str]) -> None:
    """Do the tasks of ``queue`` (``*``: all but the ``excluded``)."""
    application.set_up()
    application.keep_connection()
    from tsunagu.cli.worker import POLL_SECONDS, Worker  # Django must be set up first

    prompt = queue == "scores"
    if prompt:
        _warm_up()
    elif queue == "*":
        os.nice(LONG_WORK)
        _resume_imports()
    working = Worker(queue, excluded, PROMPT_SECONDS if prompt else POLL_SECONDS)
    working.configure_signals()
    working.run()


def _warm_up() -> None:
    """Score a deal, look at it and forget it: the first person waits for no models and imports."""
    from django.db import Error

    from tsunagu.app.interruptions import gathering
    from tsunagu.app.scoring import actions

    try:
        actions.rehearse()
        gathering.rehearse()
    except Error:  # not migrated yet, or busy: then the first score takes longer
        return


def _resume_imports() -> None:
    """Let imports go on whose worker was killed; the schedule asks again where it is too early."""
    from django.db import Error

    from tsunagu.app.exchange.actions import resume_interrupted

    try:
        resume_interrupted()
    except Error:  # not migrated yet, or busy
        return


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
