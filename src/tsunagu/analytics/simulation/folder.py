"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.eventlog.store import DEALS_FILE, EVENTS_FILE, META_FILE

TRUTH_FILE = "truth.parquet"
EFFECTS_FILE = "effects.parquet"
NAMES_FILE = "names.parquet"
PARAMETERS_FILE = "parameters.json"
_OURS = frozenset(
    {DEALS_FILE, EVENTS_FILE, META_FILE, TRUTH_FILE, EFFECTS_FILE, NAMES_FILE, PARAMETERS_FILE}
)


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A new sibling folder that takes the place of ``out`` at the end, and goes if anything fails.

    Raises:
        InputError: if ``out`` holds anything but an earlier simulation.
    """
    _refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield fresh
        fresh.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        fresh.rename(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise _refusal(out, "is a file, not a folder.")
    found = {entry.name for entry in out.iterdir()}
    if found and not (PARAMETERS_FILE in found and found <= _OURS):
        raise _refusal(out, "is not empty and holds more than an earlier simulation.")


def _refusal(out: Path, message: str) -> InputError:
    remedy = "Name a new or empty folder, or move its files away first."
    return InputError(Problem(str(out), None, None, None, message, remedy))
