"""Uploaded files: one folder an import under ``TSUNAGU_HOME/imports``, readable by us alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.utils.text import get_valid_filename

from tsunagu.app.exchange.models import Import

SIZE_LIMIT = 200 * 1024 * 1024
"""Bytes of one file."""

_REJECTS = "rejects"


def safe_name(name: str) -> str:
    """The file's own name without folders and odd characters; its type is kept."""
    bare = Path(name.replace("\\", "/")).name
    return get_valid_filename(bare[-100:] or "file")


def folder_of(source: Import) -> Path:
    """The import's folder."""
    return Path(settings.HOME) / "imports" / source.folder.hex


def file_of(source: Import) -> Path:
    """The uploaded file."""
    return folder_of(source) / safe_name(source.file_name)


def keep(source: Import, blocks: Iterable[bytes]) -> Path:
    """Write the upload; it appears whole or not at all."""
    folder = folder_of(source)
    folder.mkdir(mode=0o700, parents=True)
    path = file_of(source)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        for block in blocks:
            stream.write(block)
    return part.rename(path)


def drop(source: Import) -> None:
    """Remove the import's folder."""
    shutil.rmtree(folder_of(source), ignore_errors=True)


def rejects_folder(source: Import) -> Path:
    """Where the file of rejected rows is written."""
    return folder_of(source) / _REJECTS


def rejects_file(source: Import) -> Path | None:
    """The file of rejected rows, if any row was rejected."""
    return next(iter(sorted(rejects_folder(source).glob("*.csv"))), None)
