"""Puts an archive into an empty installation: checked as a whole first, and whole or not at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management.color import no_style
from django.db import Error, connection, transaction
from django.db.models import Field, ForeignKey, Model, QuerySet

from tsunagu.app.exports.archive import packing, tables
from tsunagu.app.exports.models import Export
from tsunagu.app.people import audit

AT_ONCE = 2_000


class ArchiveError(Exception):
    """Why an archive cannot be restored, and what to do; in English, as all commands speak."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


Reader: TypeAlias = Callable[[Any, str], Any]
"""Takes a written cell and where it stands."""

_WHOLE = ("Auto", "BigAuto", "SmallAuto", "Integer", "BigInteger", "SmallInteger")
_COUNTS = ("PositiveInteger", "PositiveBigInteger", "PositiveSmallInteger")
PLAIN: dict[str, type] = {
    **{f"{name}Field": int for name in (*_WHOLE, *_COUNTS)},
    **{f"{name}Field": str for name in ("Char", "Text", "Slug", "Email", "File")},
    "BooleanField": bool,
    "FloatField": float,
}
"""Kinds of columns whose cells stand in the archive as the database takes them."""

DAMAGED = "Fetch or copy the file again; if that does not help, make a new archive."
"""What helps where the file is not what was written."""


def restore(path: Path, tell: Callable[[str, float], None]) -> dict[str, Any]:
    """Restore the archive; returns its manifest.

    Args:
        tell: called with ``check`` or ``write`` and the share that is done; may raise to stop.

    Raises:
        ArchiveError: nothing was written.
    """
    with _opened(path) as archive:
        manifest = _manifest(archive)
        _check_place(manifest)
        _check_tables(archive, manifest, lambda share: tell("check", share))
        _check_files(archive, manifest)
        _write(archive, manifest, path.name, lambda share: tell("write", share))
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise ArchiveError(f"{path}: the file does not exist.", "Check the path.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise ArchiveError(f"{path}: the file is damaged ({error}).", DAMAGED) from error


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(packing.MANIFEST))
        made_with, form = manifest["tsunagu"], manifest["format"]
    except (KeyError, ValueError, TypeError) as error:
        remedy = "Name a file that `tsunagu export` made."
        raise ArchiveError("This is no archive of Tsunagu.", remedy) from error
    if form != packing.FORMAT:
        message = f"The archive has format {form}, made by Tsunagu {made_with}."
        raise ArchiveError(message, "Restore it with that version, then upgrade.")
    return manifest


def _check_place(manifest: dict[str, Any]) -> None:
    """The tables must be those of the archive, and empty."""
    here, there = set(packing.migrations()), set(manifest["migrations"])
    if here != there:
        odd = ", ".join(sorted(here ^ there)[:3])
        message = (
            f"The archive comes from Tsunagu {manifest['tsunagu']}, whose tables differ from these "
            f"(for example {odd})."
        )
        raise ArchiveError(message, "Restore it with that version, then upgrade.")
    for model in tables.kept():
        if tables.label(model) not in tables.SEEDED and QuerySet(model).exists():
            message = f"This installation is not empty: {tables.label(model)} holds rows."
            raise ArchiveError(message, "Restore into a new installation (TSUNAGU_HOME).")


def _check_tables(
    archive: zipfile.ZipFile, manifest: dict[str, Any], tell: Callable[[float], None]
) -> None:
    """Every row, as it would be written."""
    known = {tables.label(model): model for model in tables.kept()}
    if known.keys() != manifest["tables"].keys():
        odd = ", ".join(sorted(known.keys() ^ manifest["tables"].keys()))
        raise ArchiveError(f"The archive has other tables than this version: {odd}.", DAMAGED)
    for place, (name, model) in enumerate(known.items()):
        tell(place / len(known))
        count = sum(1 for _row in _values(archive, manifest, model))
        if count != manifest["tables"][name]["rows"]:
            raise ArchiveError(f"{name} has {count:,} rows, not as many as were written.", DAMAGED)
    tell(1.0)


def _values(
    archive: zipfile.ZipFile, manifest: dict[str, Any], model: type[Model]
) -> Iterator[list[Any]]:
    """The table's rows as the database takes them; the last step compares the checksum."""
    packed = manifest["tables"][tables.label(model)]
    readers, name = _readers(model), tables.label(model)
    digest = hashlib.sha256()
    with _entry(archive, packed["file"]) as stream:
        for number, line in enumerate(stream, 1):
            digest.update(line)
            yield _row(readers, f"{name}, row {number:,}", line)
    _compare(packed, digest.hexdigest())


def _entry(archive: zipfile.ZipFile, name: str) -> Any:
    try:
        return archive.open(name)
    except KeyError as error:
        raise ArchiveError(f"{name} is missing in the archive.", DAMAGED) from error


def _compare(packed: dict[str, Any], digest: str) -> None:
    if digest != packed["sha256"]:
        raise ArchiveError(f"{packed['file']} is not as it was written.", DAMAGED)


def _row(readers: dict[str, Reader], where: str, line: bytes) -> list[Any]:
    try:
        written = json.loads(line)
        return [read(written[name], where) for name, read in readers.items()]
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveError(f"{where} cannot be read ({error}).", DAMAGED) from error


def _readers(model: type[Model]) -> dict[str, Reader]:
    return {field.attname: _reader(field) for field in tables.fields(model)}


def _reader(field: Field[Any, Any]) -> Reader:
    """What makes the database's value of a written cell, or says why it would be refused."""
    plain = PLAIN.get(_target(field).get_internal_type())
    looks_at_texts = connection.vendor != "sqlite"

    def read(written: Any, where: str) -> Any:
        if written is None:
            return None if field.null else _refuse(field, written, where)
        if plain is None:
            return _converted(field, written, where)
        if type(written) is not plain and not (plain is float and type(written) is int):
            return _refuse(field, written, where)
        if looks_at_texts and isinstance(written, str):
            _fits_postgresql(field, written, where)
        return written

    return read


def _target(field: Field[Any, Any]) -> Field[Any, Any]:
    """Of a pointer the column that it points to, whose kind it has."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


def _refuse(field: Field[Any, Any], written: Any, where: str) -> NoReturn:
    said = "the cell is empty" if written is None else f"“{written}” is no value of this column"
    raise ArchiveError(f"{where}, {field.attname}: {said}.", DAMAGED)


def _converted(field: Field[Any, Any], written: Any, where: str) -> Any:
    try:
        return field.get_db_prep_save(field.to_python(written), connection)
    except ValidationError:
        _refuse(field, written, where)


def _fits_postgresql(field: Field[Any, Any], written: str, where: str) -> None:
    """SQLite looks at no lengths and takes NUL characters."""
    remedy = "Shorten or mend it in the old installation, and export again."
    if field.max_length is not None and len(written) > field.max_length:
        message = f"{where}, {field.attname}: the text is too long for PostgreSQL."
        raise ArchiveError(message, remedy)
    if "\x00" in written:
        message = f"{where}, {field.attname}: PostgreSQL takes no NUL character."
        raise ArchiveError(message, remedy)


def _check_files(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    for packed in manifest["files"]:
        digest = hashlib.sha256()
        with _entry(archive, packed["file"]) as stream:
            for block in iter(lambda: stream.read(packing.BLOCK), b""):
                digest.update(block)
        _compare(packed, digest.hexdigest())


def _write(
    archive: zipfile.ZipFile, manifest: dict[str, Any], name: str, tell: Callable[[float], None]
) -> None:
    """In one transaction, with its audit entry; files that were put down go again if it fails."""
    put: list[str] = []
    try:
        with transaction.atomic():
            _write_tables(archive, manifest, tell)
            _write_files(archive, manifest, put)
            said = {"file": name, "made_at": manifest["made_at"], "tsunagu": manifest["tsunagu"]}
            audit.record_command("restore", Export, said)
            connection.check_constraints()
    except BaseException as error:
        for file in put:
            default_storage.delete(file)
        if isinstance(error, Error):
            message = f"The database refused the archive, and nothing was written: {error}"
            raise ArchiveError(message, DAMAGED) from error
        if isinstance(error, OSError):
            message = f"The files could not be written, and nothing was: {error}"
            raise ArchiveError(message, "Make room, or let this user write there.") from error
        raise


def _write_tables(
    archive: zipfile.ZipFile, manifest: dict[str, Any], tell: Callable[[float], None]
) -> None:
    models = tables.kept()
    with connection.cursor() as cursor:
        for name in tables.SEEDED:
            model = next(m for m in models if tables.label(m) == name)
            cursor.execute(f"DELETE FROM {_quoted(model._meta.db_table)}")  # noqa: S608
        for place, model in enumerate(models):
            tell(place / len(models))
            statement = _insert(model)
            values = _values(archive, manifest, model)
            while rows := list(islice(values, AT_ONCE)):
                cursor.executemany(statement, rows)
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    tell(1.0)


def _insert(model: type[Model]) -> str:
    columns = [_quoted(field.column) for field in tables.fields(model)]
    marks = ", ".join(["%s"] * len(columns))
    table = _quoted(model._meta.db_table)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


def _quoted(name: str | None) -> str:
    return str(connection.ops.quote_name(name or ""))


def _write_files(archive: zipfile.ZipFile, manifest: dict[str, Any], put: list[str]) -> None:
    for packed in manifest["files"]:
        name = packed["name"]
        if default_storage.exists(name):  # left behind by an attempt that was killed
            default_storage.delete(name)
        with _entry(archive, packed["file"]) as stream:
            put.append(default_storage.save(name, File(stream)))
