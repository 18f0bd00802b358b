"""Everything held about a person, as a ZIP: each table as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import BinaryField, Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.organisation import traces
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.spreadsheets import safe


def export(actor: User, subject: Subject) -> IO[bytes]:
    """A temporary file with the ZIP, at its beginning; the caller closes it.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        audit.record(actor, "export_person", subject.row)
        stream = TemporaryFile()  # noqa: SIM115  # the answer's sending closes it
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for place in traces.places():
                _add(archive, subject, place)
    stream.seek(0)
    return stream


WORDS = {
    "people.user": gettext_lazy("Own entry"),
    "customers.contact": gettext_lazy("Own entry"),
    "people.auditentry": gettext_lazy("Audit trail"),
    "customers.customer": gettext_lazy("Customers"),
    "deals.deal": gettext_lazy("Deals"),
    "deals.event": gettext_lazy("Activities and other facts"),
    "followup.mail": gettext_lazy("Mails and letters"),
    "exchange.import": gettext_lazy("Imports"),
    "exports.export": gettext_lazy("Exports"),
    "exchange.sourcerow": gettext_lazy("Rows of imported files"),
    "rooms.comment": gettext_lazy("Team room"),
    "rooms.attachment": gettext_lazy("Team room"),
    "rooms.advice": gettext_lazy("Team room"),
    "rooms.adviser": gettext_lazy("Team room"),
    "rooms.notice": gettext_lazy("Notices"),
}


def counts(subject: Subject) -> list[tuple[str, int]]:
    """What is held, in the reader's words, and how many rows of it; none is left out."""
    found: dict[str, int] = {}
    for place in traces.places():
        word = str(WORDS.get(place.model._meta.label_lower, _("Other")))
        found[word] = found.get(word, 0) + len(traces.ids_about(subject, place))
    return [(word, count) for word, count in found.items() if count]


def _add(archive: zipfile.ZipFile, subject: Subject, place: traces.Place) -> None:
    ids = traces.ids_about(subject, place)
    if not ids:
        return
    columns = _columns(place.model)
    name = place.model._meta.label_lower
    with archive.open(f"{name}.json", "w") as raw:
        _write_json(raw, _rows(place.model, ids, columns))
    with archive.open(f"{name}.csv", "w") as raw:
        _write_csv(raw, columns, _rows(place.model, ids, columns))


def _columns(model: type[Model]) -> list[str]:
    return [
        field.attname
        for field in model._meta.concrete_fields
        if field.name not in traces.SECRET and not isinstance(field, BinaryField)
    ]


def _rows(model: type[Model], ids: list[Any], columns: list[str]) -> Iterator[dict[str, Any]]:
    manager = model._default_manager
    for start in range(0, len(ids), traces.AT_ONCE):
        yield from manager.filter(pk__in=ids[start : start + traces.AT_ONCE]).values(*columns)


def _write_json(raw: IO[bytes], rows: Iterable[dict[str, Any]]) -> None:
    before = b"[\n"
    for row in rows:
        raw.write(before + _json(row).encode())
        before = b",\n"
    raw.write(b"\n]\n")


def _write_csv(raw: IO[bytes], columns: list[str], rows: Iterable[dict[str, Any]]) -> None:
    # Excel reads UTF-8 only behind the mark that utf-8-sig writes.
    with io.TextIOWrapper(raw, "utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows([_cell(row[column]) for column in columns] for row in rows)


def _cell(value: Any) -> str:
    return safe(_json(value) if isinstance(value, dict | list) else value)


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
