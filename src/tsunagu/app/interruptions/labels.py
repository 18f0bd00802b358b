"""What cases teach about how deals ended: labels for the log that the analytics learn from."""

from __future__ import annotations

from django.db.models import QuerySet

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State


def broken_off() -> QuerySet[Interruption]:
    """Cases whose deals broke off, whatever outcome was recorded: confirmed and never resumed.

    A dismissed case says nothing about its deal's end; after a resumed one it is the customer's
    decision as recorded.
    """
    # Living ones too: a worker says a moment after the deal's end that its case is lost.
    over = (State.DISMISSED, State.RESUMED)
    return Interruption.objects.filter(confirmed_at__isnull=False).exclude(state__in=over)
