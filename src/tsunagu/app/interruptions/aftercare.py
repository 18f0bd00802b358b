"""The 60 days after a resumed interruption, in which the deal is watched more closely."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State

LASTS = timedelta(days=60)

WAITING = frozenset({"silence", "no_next_step", "next_step_overdue", "stage_overdue"})
"""Kinds of signals that grow by waiting: they are raised sooner in these days."""

SOONER = 0.7
"""Times the cut of those kinds. A silence is noticed once it is one in five instead of in ten."""

CLOSER = 0.6
"""Times the joint strength that opens a case: 0.48 for 0.8, one medium signal does."""

OWN_DOING = "stage_back"
"""The kind that the return to an earlier stage would raise; it is part of the resumption."""


def watched(deals: Iterable[int], at: datetime | None = None) -> dict[int, datetime]:
    """Those of the running ``deals`` that resumed within the last 60 days, and when they did."""
    now = at or timezone.now()
    rows: QuerySet[Interruption] = Interruption.objects.filter(
        deal__in=list(deals),
        deal__outcome__isnull=True,
        state=State.RESUMED,
        closed_at__gt=now - LASTS,
    )
    found = rows.order_by("closed_at").values_list("deal_id", "closed_at")
    return {deal: resumed_at for deal, resumed_at in found if resumed_at is not None}


def days_left(resumed_at: datetime, at: datetime | None = None) -> int:
    """How many days of the watch are left, today among them; 0: it is over."""
    gone = timezone.localdate(at or timezone.now()) - timezone.localdate(resumed_at)
    return max(0, LASTS.days - gone.days)
