"""The data of a deal's timeline chart: its facts as points by kind, and its risk over time."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tsunagu.app.deals.models import ACTIVITY_KINDS, Deal, Event, Kind
from tsunagu.app.deals.risk import percent

POINTS = 1_000
"""How many of the newest facts a chart shows."""

LANES = (
    Kind.CALL,
    Kind.EMAIL,
    Kind.MEETING,
    Kind.VISIT,
    Kind.QUOTE,
    Kind.SURVEY,
    Kind.ACTIVITY,
    Kind.NOTE,
    Kind.PLANNED,
    Kind.STAGE,
    Kind.CLOSE_DATE,
    Kind.AMOUNT,
    Kind.OWNER,
    Kind.CONTACT,
    Kind.CONTACT_LEFT,
    Kind.CHECKPOINT,
    Kind.COMPETITOR,
    Kind.INTERRUPTION,
    Kind.RESUMED,
    Kind.OUTCOME,
)
"""Kinds from the top of the chart down: what was done with the customer, then what changed."""


def data(deal: Deal) -> dict[str, Any]:
    """What the chart draws, in words of the person's language; instants as milliseconds.

    ``risk`` holds ``[day, percent]``, ``traced`` the days whose risk was computed later;
    ``events`` hold instant, lane, direction and note.
    """
    events = list(Event.objects.filter(deal=deal).order_by("-at")[:POINTS])[::-1]
    points = list(deal.score_points.order_by("on").values_list("on", "risk_30", "traced"))
    kinds = {event.kind for event in events}
    lanes = [kind for kind in LANES if kind in kinds]
    return {
        "lanes": [str(kind.label) for kind in lanes],
        "risk": [[f"{on:%Y-%m-%d}", percent(risk)] for on, risk, _traced in points],
        "traced": [f"{on:%Y-%m-%d}" for on, _risk, traced in points if traced],
        "events": [_point(event, lanes.index(Kind(event.kind))) for event in events],
    }


def _point(event: Event, lane: int) -> dict[str, Any]:
    return {
        "at": timezone.localtime(event.at).strftime("%Y-%m-%dT%H:%M:%S"),
        "lane": lane,
        "from": event.direction or "",
        "direction": event.get_direction_display() if event.direction else "",
        "activity": event.kind in ACTIVITY_KINDS,
        "text": (event.text or "")[:80],
    }
