"""What the pages about webhooks ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tsunagu.app.webhooks.models import Delivery, DeliveryState, Endpoint, Topic

_STANDS = {
    DeliveryState.WAITING: Q(delivered_at__isnull=True, dead_at__isnull=True),
    DeliveryState.DELIVERED: Q(delivered_at__isnull=False),
    DeliveryState.DEAD: Q(dead_at__isnull=False),
}


def endpoints() -> QuerySet[Endpoint]:
    """Endpoints, with how many messages wait, how many were given up, and the last that arrived."""
    rows = Delivery.objects.filter(endpoint=OuterRef("pk"))
    arrived = rows.filter(delivered_at__isnull=False).order_by("-pk")
    return Endpoint.objects.filter(removed_at__isnull=True).annotate(
        waiting=_count(rows.filter(due_at__isnull=False)),
        dead=_count(rows.filter(dead_at__isnull=False)),
        arrived_at=Subquery(arrived.values("delivered_at")[:1]),
    )


def _count(rows: QuerySet[Delivery]) -> Coalesce:
    """How many of ``rows``, each endpoint's own."""
    counted = rows.order_by().values("endpoint").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def state_words() -> str:
    """How webhooks stand, for the settings' first page."""
    rows = list(Endpoint.objects.filter(removed_at__isnull=True))
    told = ngettext("%(count)d endpoint", "%(count)d endpoints", len(rows)) % {"count": len(rows)}
    stopped = sum(row.stopped_at is not None for row in rows)
    return f"{told} · {_('%(n)d stopped') % {'n': stopped}}" if stopped else told


@dataclass(frozen=True)
class LogFilter:
    """Which messages of an endpoint the log shows."""

    state: str = ""
    topic: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """From the address; what is not known counts for nothing."""
        state, topic = query.get("state", ""), query.get("topic", "")
        return cls(
            state if state in DeliveryState.values else "", topic if topic in Topic.values else ""
        )


def log(endpoint: Endpoint, wanted: LogFilter) -> QuerySet[Delivery]:
    """Its messages, the newest first."""
    rows = Delivery.objects.filter(endpoint=endpoint)
    if wanted.topic:
        rows = rows.filter(topic=wanted.topic)
    return rows.filter(_STANDS[DeliveryState(wanted.state)]) if wanted.state else rows
