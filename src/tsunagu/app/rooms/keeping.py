"""How files leave: with what they belong to, or with the person whom they may name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from tsunagu.app.rooms.models import Attachment

FOLDER = "rooms"
YOUNG = timedelta(days=1)
"""A file younger than this may belong to a row that is not committed yet."""


def drop(attachments: Iterable[Attachment]) -> int:
    """Delete the rows now and their files after the commit; returns how many."""
    rows = list(attachments)
    names = [row.file.name for row in rows if row.file.name]
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()

    def delete() -> None:
        for name in names:
            default_storage.delete(name)

    transaction.on_commit(delete, robust=True)
    return len(rows)


def sweep() -> int:
    """Delete files that no row names: their case is gone, or a writing failed; returns how many."""
    before = timezone.now() - YOUNG
    count = 0
    for folder in _list(FOLDER)[0]:
        place = f"{FOLDER}/{folder}"
        files = [f"{place}/{name}" for name in _list(place)[1]]
        kept = set(Attachment.objects.filter(file__in=files).values_list("file", flat=True))
        for name in set(files) - kept:
            if default_storage.get_modified_time(name) < before:
                default_storage.delete(name)
                count += 1
    return count


def _list(place: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(place)
    except FileNotFoundError:
        return [], []
