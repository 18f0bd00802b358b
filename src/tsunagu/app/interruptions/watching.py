"""Which deals are looked at when, so that no two workers look at one together.

``Watch.look_at`` says when. A new fact sets it to its own instant. A worker takes due deals by
moving it on by a lease, in a conditional update; should the worker die, they are due again then.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from tsunagu.app.interruptions.models import Watch

LEASE = timedelta(minutes=5)
AT_ONCE = 500
ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Taken:
    """Deals that this worker, and no other, looks at until the lease's end."""

    deal_ids: tuple[int, ...]
    worker: str
    until: datetime

    def mine(self) -> QuerySet[Watch]:
        """Those that no other worker took after the lease's end."""
        return Watch.objects.filter(deal__in=self.deal_ids, worker=self.worker)


def due_now(deal_ids: Sequence[int]) -> None:
    """Let these deals be looked at as soon as a worker comes to it."""
    now = timezone.now()
    Watch.objects.bulk_create(
        # In one order, so that two of these never wait for each other.
        (Watch(deal_id=pk, look_at=now) for pk in sorted(set(deal_ids))),
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        update_fields=["look_at"],
        unique_fields=["deal"],
    )


def take(by: datetime | None = None, size: int = AT_ONCE) -> Taken | None:
    """The deals that have been due the longest; None where none is.

    Args:
        by: when they became due at the latest; default: now.
        size: at most so many.
    """
    now = timezone.now()
    waiting = Watch.objects.filter(look_at__lte=by or now)
    # Most often nothing is due: one look at the index says so, without a lock.
    if not waiting.exists():
        return None
    with transaction.atomic():
        due = waiting.select_for_update(skip_locked=True)
        ids = list(due.order_by("look_at").values_list("pk", flat=True)[:size])
        taken = Taken(tuple(ids), uuid.uuid4().hex, now + LEASE)
        # Again with the condition: databases without row locks have only this.
        waiting.filter(pk__in=ids).update(look_at=taken.until, worker=taken.worker)
    return taken


_LOOKED = """
UPDATE interruptions_watch SET look_at = %s, looked_at = %s, risk = %s
WHERE deal_id = %s AND worker = %s AND look_at = %s
"""


def looked(
    taken: Taken,
    at: datetime,
    nexts: Mapping[int, datetime | None],
    risks: Mapping[int, float],
) -> None:
    """Say when to look again at the deals of ``nexts``; what changed in between stays due."""
    stored = connection.ops.adapt_datetimefield_value
    now, until = stored(at), stored(taken.until)
    rows = [
        [next_at and stored(next_at), now, risks.get(pk), pk, taken.worker, until]
        for pk, next_at in sorted(nexts.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_LOOKED, rows)
