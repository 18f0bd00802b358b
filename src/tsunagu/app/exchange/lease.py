"""Which worker holds an import: races are settled by conditional updates.

A worker that was killed holds nothing once its time is over; one that was only slow finds, before
each chunk, that another has taken over, and stops. Chunks and the checkpoint are one transaction,
so neither loses nor repeats anything.
"""

from __future__ import annotations

import os
import uuid
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from tsunagu.app.exchange.models import Import

HELD = timedelta(seconds=float(os.environ.get("TSUNAGU_IMPORT_LEASE", "20")))
"""How long a worker holds an import without a sign of life."""


_TURN = 0x7473756E
"""The name of the lock in PostgreSQL, which takes numbers only."""


class StoppedError(Exception):
    """The import was cancelled, or another worker holds it."""


def take(pk: int) -> uuid.UUID | None:
    """Hold the import; None if somebody else does."""
    now = timezone.now()
    free = Q(held_until__isnull=True) | Q(held_until__lt=now) | Q(token__isnull=True)
    token = uuid.uuid4()
    taken = Import.objects.filter(free, pk=pk).update(token=token, held_until=now + HELD)
    return token if taken else None


def give_back(pk: int, token: uuid.UUID) -> None:
    """Hold it no longer."""
    Import.objects.filter(pk=pk, token=token).update(token=None, held_until=None)


def in_turn() -> None:
    """Wait until no other import writes; call it first in a transaction, which keeps the turn.

    Two imports that bring the same new row at once would both miss it, and one would fail. SQLite
    has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def locked(source: Import, token: uuid.UUID) -> Import:
    """The import, locked for this transaction and held on.

    Raises:
        StoppedError: it was cancelled or is held by another.
    """
    found = Import.objects.select_for_update().filter(pk=source.pk, token=token).first()
    if found is None or found.state != source.state:
        raise StoppedError
    found.held_until = timezone.now() + HELD
    return found
