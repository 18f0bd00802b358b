"""Reads what happened, makes a message of it for every endpoint that asked, and delivers.

Several workers may do this at once: messages are unique for an endpoint and a row, and a try
belongs to whoever moved ``due_at`` on. A worker that dies is followed by another after the lease,
so a message may arrive twice: its id tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import groupby, islice

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from tsunagu.app.webhooks import sending, signing
from tsunagu.app.webhooks.models import Attempt, Cursor, Delivery, Endpoint
from tsunagu.app.webhooks.sending import Result
from tsunagu.app.webhooks.streams import STREAMS, Message, Stream

PAUSES = tuple(
    timedelta(seconds=s) for s in (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 86_400)
)
"""How long to wait after the first failure, the second, ...; then the message is given up."""

STOPS_AFTER = timedelta(days=5)
"""An endpoint that failed for so long without one success is told nothing more."""

LEASE = timedelta(minutes=2)
KEPT = timedelta(days=30)
"""Messages and tries are forgotten after this."""

AT_ONCE = 1_000
SIDE_BY_SIDE = 8
OF_ONE_ENDPOINT = 4
"""Messages of one endpoint in one round, so that a slow one holds up no other."""

SETTLES = timedelta(minutes=5)
"""No transaction that records facts one by one takes longer."""


def listening() -> QuerySet[Endpoint]:
    """Endpoints for which messages are made; of paused ones they wait."""
    return Endpoint.objects.filter(removed_at__isnull=True, stopped_at__isnull=True)


def begin_here(now: datetime) -> None:
    """Tell from now on: what happened before is not read."""
    for stream in STREAMS:
        last = stream.last()
        Cursor.objects.update_or_create(
            name=stream.name,
            defaults={"seen": last, "recent": last, "settled": last, "swept_at": now},
        )


def collect(now: datetime) -> int:
    """Make messages of what was recorded since the last time; returns how many rows were read."""
    endpoints = list(listening())
    return sum(_collect(stream, endpoints, now) for stream in STREAMS) if endpoints else 0


def _collect(stream: Stream, endpoints: Sequence[Endpoint], now: datetime) -> int:
    at, count = _start(stream, now), 0
    while rows := stream.after(at, AT_ONCE):
        at, count = rows[-1]["pk"], count + len(rows)
        with transaction.atomic():
            _write(stream, list(stream.messages(rows)), endpoints, now)
            Cursor.objects.filter(name=stream.name, seen__lt=at).update(seen=at)
    return count


def _start(stream: Stream, now: datetime) -> int:
    """From where to read: the last number seen, or again from where all was settled."""
    cursor = Cursor.objects.get_or_create(name=stream.name)[0]
    if connection.vendor == "sqlite":  # one writer at a time: numbers appear in their order
        return cursor.seen
    if now < cursor.swept_at + SETTLES:
        return cursor.seen
    mine = Cursor.objects.filter(name=stream.name, swept_at=cursor.swept_at)
    moved = mine.update(settled=cursor.recent, recent=cursor.seen, swept_at=now)
    return cursor.settled if moved else cursor.seen


def _write(
    stream: Stream, messages: Sequence[Message], endpoints: Sequence[Endpoint], now: datetime
) -> None:
    Delivery.objects.bulk_create(
        [
            Delivery(
                endpoint=endpoint,
                stream=stream.name,
                row=message.row,
                topic=message.topic,
                body=message.body,
                made_at=now,
                due_at=now,
            )
            for message in messages
            for endpoint in endpoints
            if message.topic in endpoint.topics
        ],
        ignore_conflicts=True,
    )


def deliver() -> int:
    """Send what is due until nothing is; returns how many messages arrived."""
    arrived = 0
    while taken := _take(timezone.now()):
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            results = list(pool.map(_send, taken))
        for delivery, result in zip(taken, results, strict=True):
            _note(delivery, result, timezone.now())
        arrived += sum(result.is_delivered for result in results)
    return arrived


def _take(now: datetime) -> list[Delivery]:
    """Messages to send now, which nobody else takes meanwhile."""
    due = Delivery.objects.filter(
        due_at__lte=now,
        endpoint__paused_at__isnull=True,
        endpoint__stopped_at__isnull=True,
        endpoint__removed_at__isnull=True,
    ).select_related("endpoint")
    rows = list(due.order_by("due_at", "pk")[:AT_ONCE])
    return [row for row in _a_few_each(rows) if _is_mine(row, now)]


def _a_few_each(rows: list[Delivery]) -> Iterator[Delivery]:
    by_endpoint = sorted(rows, key=lambda row: row.endpoint_id)
    for _, some in groupby(by_endpoint, key=lambda row: row.endpoint_id):
        yield from islice(some, OF_ONE_ENDPOINT)


def _is_mine(row: Delivery, now: datetime) -> bool:
    mine = Delivery.objects.filter(pk=row.pk, due_at=row.due_at)
    return bool(mine.update(due_at=now + LEASE))


def _send(delivery: Delivery) -> Result:
    now = timezone.now()
    body = json.dumps(delivery.body, ensure_ascii=False, separators=(",", ":")).encode()
    salts = delivery.endpoint.salts(now)
    headers = signing.headers(str(delivery.message), int(now.timestamp()), body, salts)
    return sending.send(delivery.endpoint.url, body, headers)


@transaction.atomic
def _note(delivery: Delivery, result: Result, now: datetime) -> None:
    """Write down how the try went, and what follows."""
    Attempt.objects.create(
        delivery=delivery,
        at=now,
        took=result.took,
        status=result.status,
        trouble=result.trouble,
        answer=result.answer,
    )
    mine = Delivery.objects.filter(pk=delivery.pk)
    endpoint = Endpoint.objects.filter(pk=delivery.endpoint_id)
    if result.is_delivered:
        mine.update(delivered_at=now, due_at=None, tries=delivery.tries + 1)
        endpoint.update(failing_since=None)
        return
    again = _again(delivery.tries, result, now)
    mine.update(due_at=again, dead_at=None if again else now, tries=delivery.tries + 1)
    endpoint.filter(failing_since__isnull=True).update(failing_since=now)
    endpoint.filter(stopped_at__isnull=True, **_hopeless(result, now)).update(stopped_at=now)
    _hold_back(delivery, again, now)


def _again(tries: int, result: Result, now: datetime) -> datetime | None:
    """When to try again; None: not any more."""
    if tries >= len(PAUSES) or result.is_gone:
        return None
    return now + max(PAUSES[tries], result.wait or timedelta(0))


def _hopeless(result: Result, now: datetime) -> dict[str, datetime]:
    """The condition on an endpoint under which nothing more is sent to it."""
    return {} if result.is_gone else {"failing_since__lt": now - STOPS_AFTER}


def _hold_back(delivery: Delivery, again: datetime | None, now: datetime) -> None:
    """What else is due for an endpoint that just failed waits as long as the message did."""
    others = Delivery.objects.filter(endpoint=delivery.endpoint_id, due_at__lte=now)
    others.update(due_at=again or now + PAUSES[0])


def forget(now: datetime) -> int:
    """Delete what is older than :data:`KEPT`; returns how many rows went."""
    return Delivery.objects.filter(made_at__lt=now - KEPT).delete()[0]
