"""What makes a deal be looked at: a new fact, a risk that moved, and once a day, the time itself.

When to look for what grows by waiting alone stands in ``Watch.look_at``; the schedule asks for what
is due every minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F, Q

from tsunagu.app.asking import ask_once
from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import watching
from tsunagu.app.interruptions.models import Watch

RISK_MOVED = 0.03
"""A risk that moved by three points or more since the last look may be a signal."""

DEALS_AT_ONCE = 2_000

GATHER = timedelta(seconds=0.25)
"""Facts that come together are looked at together: a look at one deal takes nearly as long."""


def deal_changed(deal_id: int) -> None:
    """A fact was recorded: let a worker look at the deal at once."""
    deals_changed([deal_id])


def deals_changed(deal_ids: Sequence[int]) -> None:
    """Facts were recorded: let a worker look at the deals at once."""
    watching.due_now(deal_ids)
    ask()


def deals_scored(deal_ids: Sequence[int]) -> None:
    """Look again at those whose risk clearly moved since the last look."""
    rows = Watch.objects.filter(deal__in=deal_ids)
    risk = F("deal__score__risk_30")
    moved = Q(risk__lte=risk - RISK_MOVED) | Q(risk__gte=risk + RISK_MOVED)
    unseen = Q(risk__isnull=True, deal__score__isnull=False)
    if ids := list(rows.filter(moved | unseen).values_list("pk", flat=True)):
        deals_changed(ids)


def ask() -> None:
    """Let a worker look soon."""
    from tsunagu.app.interruptions.tasks import look_at_due

    ask_once(look_at_due, after=GATHER)


def look_at_all(process: int | None = None) -> None:
    """Let every open deal (of ``process``) be looked at, some thousand at a time.

    Once a day, since strengths grow by the day though nothing happens.
    """
    Watch.objects.filter(deal__outcome__isnull=False).delete()
    cursor = 0
    rows = Deal.objects.filter(outcome__isnull=True).order_by("pk").values_list("pk", flat=True)
    if process is not None:
        rows = rows.filter(process=process)
    while ids := list(rows.filter(pk__gt=cursor)[:DEALS_AT_ONCE]):
        watching.due_now(ids)
        cursor = ids[-1]
    ask()
