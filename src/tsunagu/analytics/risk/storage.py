"""A model's file: a zip of ``model.json`` and, where trees were fitted, ``booster.txt``.

No pickle: reading a file runs no code of it.  The same model gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

from tsunagu.analytics.errors import InputError, Problem

FORMAT = "tsunagu-risk-model"
VERSION = 3
_MODEL, _BOOSTER = "model.json", "booster.txt"
_LARGEST = {_MODEL: 64 * 2**20, _BOOSTER: 256 * 2**20}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REMEDY = "Fit the model again with `tsunagu fit`, or give the path of a file that it wrote."


def write(path: Path, model: dict[str, Any], booster: str | None) -> None:
    """Write a model's file, replacing an old one only once the new one is complete."""
    text = booster or ""
    head = {"format": FORMAT, "version": VERSION, "booster_sha256": _digest(text)}
    body = json.dumps(head | model, ensure_ascii=False, sort_keys=True, allow_nan=False)
    unfinished = path.with_name(path.name + ".part")
    with zipfile.ZipFile(unfinished, "w") as archive:
        _add(archive, _MODEL, body)
        if booster is not None:
            _add(archive, _BOOSTER, booster)
    unfinished.replace(path)


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # else the bytes would depend on the writer's operating system
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, text.encode("utf-8"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read(path: Path) -> tuple[dict[str, Any], str | None]:
    """The parts of a model's file.

    Raises:
        InputError: if the file is missing, damaged, not a risk model, or of a newer version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {entry.filename: _part(path, archive, entry) for entry in archive.infolist()}
    except OSError as error:
        raise refusal(path, f"cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise refusal(path, f"is not a model's file, or is damaged ({error}).") from error
    except ValueError as error:
        raise refusal(path, f"is damaged ({error}).") from error
    return _checked(path, parts)


def _part(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    largest = _LARGEST.get(entry.filename)
    if largest is None:
        raise refusal(path, f"is not a risk model: it contains “{entry.filename}”.")
    with archive.open(entry) as stream:
        content = stream.read(largest + 1)  # bounded whatever size the entry claims
    if len(content) > largest:
        raise refusal(path, f"is not a risk model: {entry.filename} is over {largest} bytes.")
    return content.decode("utf-8")


def _checked(path: Path, parts: dict[str, str]) -> tuple[dict[str, Any], str | None]:
    try:
        model = json.loads(parts.get(_MODEL, "null"))
    except (ValueError, RecursionError) as error:
        raise refusal(path, f"is damaged: {_MODEL} is not JSON ({error}).") from error
    if not isinstance(model, dict) or model.get("format") != FORMAT:
        raise refusal(path, "is not a risk model of Tsunagu.")
    if not isinstance(model.get("version"), int) or model["version"] > VERSION:
        raise _newer(path, model.get("version"))
    booster = parts.get(_BOOSTER)
    if model.get("booster_sha256") != _digest(booster or ""):
        raise refusal(path, f"is damaged: {_BOOSTER} is not the one it was written with.")
    return model, booster


def _newer(path: Path, version: object) -> InputError:
    message = f"has format version {version}; this Tsunagu reads up to version {VERSION}."
    return refusal(path, message, "Update Tsunagu, or fit the model again with `tsunagu fit`.")


def refusal(path: Path, message: str, remedy: str = _REMEDY) -> InputError:
    """The error for a model's file that cannot be used."""
    return InputError(Problem(os.fspath(path), None, None, None, message, remedy))
