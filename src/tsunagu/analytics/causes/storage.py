"""A model's file: JSON.  Reading it runs no code of it, and the same model gives the same bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tsunagu.analytics.errors import InputError, Problem

VERSION = 1
_Model = TypeVar("_Model")
_REMEDY = "Fit the model again, or give the path of a file that it wrote."


def write(path: Path, kind: str, model: dict[str, Any]) -> None:
    """Write a model's file, replacing an old one only once the new one is complete."""
    head = {"format": kind, "version": VERSION}
    body = json.dumps(head | model, ensure_ascii=False, sort_keys=True, allow_nan=False)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(body, encoding="utf-8")
    unfinished.replace(path)


def read(path: Path, kind: str) -> dict[str, Any]:
    """What :func:`write` wrote.

    Raises:
        InputError: if the file is missing, damaged, of another kind or of a newer version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise refusal(path, f"cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise refusal(path, "is not a model's file.") from error
    if not isinstance(data, dict) or data.get("format") != kind:
        raise refusal(path, f"is not a file of the kind {kind}.")
    if data.get("version") != VERSION:
        raise refusal(path, f"is of version {data.get('version')}; this Tsunagu reads {VERSION}.")
    return data


def decoded(path: Path, make: Callable[[], _Model]) -> _Model:
    """What ``make`` makes of a file's content; a missing part is an error of the file."""
    try:
        return make()
    except (KeyError, TypeError, ValueError) as error:
        raise refusal(path, f"is damaged ({error}).") from error


def refusal(path: Path, message: str) -> InputError:
    """An error about a model's file that cannot be used."""
    return InputError(Problem(os.fspath(path), None, None, None, message, _REMEDY))
