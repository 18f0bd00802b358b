"""Makes an archive: one NDJSON file a table, the attached files, and a manifest of it all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from tsunagu import __version__
from tsunagu.app.exports.archive import tables

FORMAT = 1
MANIFEST = "manifest.json"
BLOCK = 1 << 20

Tell = Callable[[int], None]
"""Called with the number of rows done so far; may raise to stop."""


def pack(path: Path, *, passwords: bool, tell: Tell) -> dict[str, Any]:
    """Write the archive; returns its manifest. Call it within a snapshot.

    Args:
        passwords: whether the hashes of passwords go along; without them everybody needs a new
            log-in link after a restore.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        counter = _Counter(tell)
        packed = {
            tables.label(model): _table(archive, model, passwords, counter)
            for model in tables.kept()
        }
        attached, missing = _files(archive)
        manifest = {
            "format": FORMAT,
            "tsunagu": __version__,
            "made_at": datetime.now(UTC).isoformat(),
            "time_zone": settings.TIME_ZONE,
            "currency": settings.CURRENCY,
            "passwords": passwords,
            "migrations": migrations(),
            "tables": packed,
            "files": attached,
            "missing_files": missing,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


def migrations() -> list[str]:
    """What made the tables as they are."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


class _Counter:
    def __init__(self, tell: Tell, every: int = 10_000) -> None:
        self.tell, self.every, self.rows = tell, every, 0

    def through(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            yield line
            self.rows += 1
            if self.rows % self.every == 0:
                self.tell(self.rows)


def _table(
    archive: zipfile.ZipFile, model: type[Model], passwords: bool, counter: _Counter
) -> dict[str, Any]:
    name = f"tables/{tables.label(model)}.ndjson"
    before = counter.rows
    lines = counter.through(tables.lines(model, secrets=passwords))
    digest = _add(archive, name, lines)
    columns = [field.attname for field in tables.fields(model)]
    return {
        "file": name,
        "rows": counter.rows - before,
        "sha256": digest,
        "columns": columns,
    }


def _files(archive: zipfile.ZipFile) -> tuple[list[dict[str, Any]], list[str]]:
    """What is attached, and the names of what should be but is not there."""
    attached: list[dict[str, Any]] = []
    missing = []
    for model in tables.kept():
        for name in tables.file_names(model):
            if not default_storage.exists(name):
                missing.append(name)
                continue
            file = f"files/{len(attached) + 1}"
            with default_storage.open(name) as stream:
                digest = _add(archive, file, iter(lambda: stream.read(BLOCK), b""))
            attached.append({"file": file, "name": name, "sha256": digest})
    return attached, missing


def _add(archive: zipfile.ZipFile, name: str, blocks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as stream:
        for block in blocks:
            digest.update(block)
            stream.write(block)
    return digest.hexdigest()
