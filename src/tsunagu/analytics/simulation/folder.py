"""A folder that appears whole or not at all."""

from __future__ import annotations

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
    target = out.absolute()
    _refuse_foreign(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as place:
            fresh, old = Path(place) / "new", Path(place) / "old"
            fresh.mkdir()
            yield fresh
            if target.exists():
                target.rename(old)
            fresh.rename(target)
    except OSError as error:
        raise _refusal(out, f"cannot be written ({error}).") from error


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise _refusal(out, "is a file, not a folder.")
    found = {entry.name for entry in out.iterdir()}
    if found and not (PARAMETERS_FILE in found and found <= _OURS):
        raise _refusal(out, "is not empty and is no earlier simulation.")


def _refusal(out: Path, message: str) -> InputError:
    remedy = "Name a new or empty folder, or move its files away first."
    return InputError(Problem(str(out), None, None, None, message, remedy))
