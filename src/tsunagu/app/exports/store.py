"""Files on their way out: one folder an export under ``TSUNAGU_HOME/exports``, ours alone."""

from __future__ import annotations

import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from tsunagu.app.exports.models import Export

SILENT = timedelta(minutes=2)
"""After so long without a sign of life an attempt is given up."""

BEAT = 15.0
"""Seconds between two signs of life."""


def folder_of(export: Export) -> Path:
    """The export's folder."""
    return Path(settings.HOME) / "exports" / export.folder.hex


def file_of(export: Export) -> Path:
    """The finished file."""
    return folder_of(export) / "file"


def begin(export: Export, token: uuid.UUID) -> Path:
    """Where the attempt ``token`` writes; nothing of an earlier attempt stays."""
    drop(export)
    folder_of(export).mkdir(mode=0o700, parents=True)
    tell(export, 0)
    return folder_of(export) / f"{token.hex}.part"


def tell(export: Export, done: int) -> None:
    """Say that so many rows are done.

    In a file: the database is being read, and SQLite lets nobody write in the middle of that.
    """
    sign = _sign(export)
    if sign.parent.exists():
        sign.write_text(str(done), encoding="ascii")


@contextmanager
def beating(export: Export) -> Iterator[None]:
    """Within it signs of life are left, however long one step of the work takes."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT):
            with suppress(FileNotFoundError):  # given up, or no longer wanted
                os.utime(_sign(export))

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def done(export: Export) -> int:
    """How many rows are done."""
    try:
        return int(_sign(export).read_text(encoding="ascii") or 0)
    except (FileNotFoundError, ValueError):
        return 0


def is_alive(export: Export) -> bool:
    """Whether an attempt gave a sign lately."""
    try:
        return time.time() - _sign(export).stat().st_mtime < SILENT.total_seconds()
    except FileNotFoundError:
        return False


def _sign(export: Export) -> Path:
    return folder_of(export) / "done"


def drop(export: Export) -> None:
    """Remove the folder."""
    shutil.rmtree(folder_of(export), ignore_errors=True)
