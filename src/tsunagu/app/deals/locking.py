"""How deals are locked, by pages and imports alike."""

from __future__ import annotations

from django.db.models import QuerySet

from tsunagu.app.deals.models import Deal


def locked_deals() -> QuerySet[Deal]:
    """Deals that nobody else changes until the transaction ends.

    In one order, so that two who lock many never wait for each other; without their keys, so that
    scores, which only point at deals, are written meanwhile.
    """
    return Deal.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
