"""How a broken XES file is reported: one error, the file, the place, the remedy."""

from __future__ import annotations

from pathlib import Path

from tsunagu.analytics.errors import InputError, Problem

EXPORT_AGAIN = "Nothing was read. Export or download the file again."


def broken(  # noqa: PLR0913 - the fields of a Problem
    path: Path,
    message: str,
    remedy: str,
    *,
    line: int | None = None,
    column: str | None = None,
    value: str | None = None,
) -> InputError:
    """An error about the whole file; ``line`` is a line of the (uncompressed) XML."""
    shown = value if value is None or len(value) <= 80 else value[:80] + "…"
    return InputError(Problem(str(path), line, column, shown, message, remedy))
