"""Runs the web server, the workers and the schedule until it is told to end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from tsunagu.analytics.errors import TsunaguError

CHILD = [sys.executable, "-m", "tsunagu.cli.child"]
WORKERS = (
    ["worker", "scores"],
    ["worker", "*", "scores", "outward"],
    ["worker", "outward"],
)
"""One for what people wait for, one for long work, one that talks with other programs."""

PATIENCE = 15
SCHEDULE_SECONDS = 5


@dataclass
class Supervisor:
    """The server's processes."""

    host: str
    port: int
    workers: int
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ended: bool = False

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; ``ready`` is called once the server answers.

        Raises:
            TsunaguError: the web server does not start.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            self._start_all()
            self._wait_until_it_answers()
            if not self._ended:
                ready()
            self._watch()
        finally:
            self._stop_all()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ended = True

    def _start_all(self) -> None:
        self._start(["web", self.host, str(self.port), str(self.workers)])
        for arguments in WORKERS:
            self._start(arguments)

    def _start(self, arguments: list[str]) -> None:
        # In a session of its own: Ctrl+C reaches us alone, and we end the others in order.
        child = subprocess.Popen([*CHILD, *arguments], start_new_session=True)  # noqa: S603
        self._children[" ".join(arguments)] = child

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + 60
        while not self._ended and not _answers(self.host, self.port):
            self._require_web()
            if time.monotonic() > until:
                raise _no_web("does not answer")
            time.sleep(0.1)

    def _watch(self) -> None:
        due = 0.0
        while not self._ended:
            self._require_web()
            self._restart_workers()
            if time.monotonic() >= due:
                _enqueue_due()
                due = time.monotonic() + SCHEDULE_SECONDS
            time.sleep(0.5)

    def _require_web(self) -> None:
        code = next(iter(self._children.values())).poll()
        if code is not None and not self._ended:
            raise _no_web(f"ended with code {code}")

    def _restart_workers(self) -> None:
        for name, child in list(self._children.items())[1:]:
            if child.poll() is not None and not self._ended:
                self._start(name.split(" "))

    def _stop_all(self) -> None:
        for child in self._children.values():
            child.terminate()
        until = time.monotonic() + PATIENCE
        for child in self._children.values():
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()  # what it was at is taken up at the next start


def require_free(host: str, port: int) -> None:
    """Refuse an address that something else uses.

    Raises:
        TsunaguError: it does.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = "Give another one with --port, or stop what uses it."
            message = f"{host}:{port} cannot be used: {error.strerror}."
            raise TsunaguError(message, remedy=remedy) from error


def _answers(host: str, port: int) -> bool:
    local = "localhost" if host in {"0.0.0.0", "::"} else host  # noqa: S104  (asks, does not bind)
    try:
        with urllib.request.urlopen(f"http://{local}:{port}/health/", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # it speaks; https only, or another name
    except OSError:
        return False


def _enqueue_due() -> None:
    """A database that is busy for once is no reason to stop the site."""
    import logging

    from django.db import Error, close_old_connections
    from django.utils import timezone

    from tsunagu.app.scoring.schedule import enqueue_due

    try:
        enqueue_due(timezone.now())
    except Error:
        logging.getLogger("tsunagu").exception("the schedule could not be read")
    close_old_connections()


def _no_web(what: str) -> TsunaguError:
    return TsunaguError(f"The web server {what}.", remedy="Its messages stand above.")
