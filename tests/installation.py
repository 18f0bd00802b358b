"""An installation of its own, for tests that start processes and kill them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import databases

TSUNAGU = str(Path(sys.executable).with_name("tsunagu"))
NOT_OURS = ("DATABASE_URL", "SECRET_KEY", "TSUNAGU_HOME", "TSUNAGU_URL")


@dataclass(frozen=True)
class Installation:
    """Its folder, and its database: "" is the SQLite file in the folder."""

    home: Path
    database: str

    @property
    def env(self) -> dict[str, str]:
        """What its processes run with."""
        kept = {k: v for k, v in os.environ.items() if k not in NOT_OURS}
        ours = {
            "TSUNAGU_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings",
        }
        return {**kept, **ours, **({"DATABASE_URL": self.database} if self.database else {})}

    def tsunagu(
        self, *arguments: str | Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is."""
        return subprocess.run(  # noqa: S603
            [TSUNAGU, *map(str, arguments)],
            cwd=self.home,
            env={**self.env, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def python(self, *arguments: str) -> str:
        """Run Python, which must succeed; returns what it said."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            cwd=self.home,
            env=self.env,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of its database."""
        return databases.ask(self.database, self.home, query)

    def one(self, query: str) -> Any:
        """The first cell of the first row."""
        return self.ask(query)[0][0]


@contextmanager
def installation(home: Path) -> Iterator[Installation]:
    """A new one, in the folder and on the database that the tests run on."""
    with databases.own_database() as database:
        home.mkdir(parents=True, exist_ok=True)
        yield Installation(home, database)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(there: Installation, port: int, **environment: str) -> subprocess.Popen[str]:
    """Start ``tsunagu serve`` and wait until it says that it answers."""
    server = subprocess.Popen(  # noqa: S603
        [TSUNAGU, "serve", "--port", str(port), "--lang", "en"],
        cwd=there.home,
        env={**there.env, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    lines = []
    while line := server.stderr.readline():
        lines.append(line)
        if f"Open http://localhost:{port}" in line:
            return server
    server.kill()
    server.wait()
    raise AssertionError(lines)


def children(process: subprocess.Popen[str]) -> list[int]:
    """The web server first, then the workers."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(pid) for pid in listed.split()]


def kill_all(server: subprocess.Popen[str]) -> None:
    """Everything dies at once, without a word (kill -9)."""
    below = children(server)
    server.kill()
    for group in below:  # each leads a session of its own
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    server.wait()


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_for(condition: Callable[[], object], what: str, seconds: float = 90) -> None:
    """Until ``condition`` holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited in vain: {what}"
        time.sleep(0.05)
