"""Signals for tests: what a look would have seen, without a look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tsunagu.app.deals.actions import log_activity, plan_next_step
from tsunagu.app.deals.models import Deal, Direction, Event, Kind
from tsunagu.app.interruptions import actions, folding, gathering, restarting, watching
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.scoring import detection
from tsunagu.app.scoring.detection import Found, Look

LONG_AGO = timezone.now() - timedelta(days=40)


def sign(deal: Deal, kind: str = "silence", **fields: Any) -> Found:
    values: dict[str, Any] = {
        "deal_id": deal.pk,
        "kind": kind,
        "at": LONG_AGO,
        "strength": 0.9,
        "measure": 3.3,
        "evidence": {"silent_business_days": 20.0},
        "ja": "お客様からの連絡が20営業日ありません",
        "en": "No word from the customer for 20 business days",
    }
    return Found(**{**values, **fields})


def see(monkeypatch: pytest.MonkeyPatch, *found: Found, then: datetime | None = None) -> None:
    """Let every look see this."""

    def look(deal_ids: Sequence[int], at: datetime, thresholds: Any) -> Look:
        open_deals = Deal.objects.filter(pk__in=deal_ids, outcome__isnull=True)
        return Look(
            [f for f in found if f.deal_id in deal_ids], {deal.pk: then for deal in open_deals}
        )

    monkeypatch.setattr(detection, "look", look)


def suspected(deal: Deal, *found: Found) -> Interruption:
    """A case that a look opened because of ``found``."""
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        see(patched, *(found or (sign(deal),)))
        watching.due_now([deal.pk])
        gathering.look_at_waiting()
    return Interruption.objects.filter(deal=deal).latest("number")


def confirmed(deal: Deal) -> Interruption:
    """A case that nobody suspected before."""
    case = folding.begin(deal)
    folding.decide(case, "confirm", by=deal.owner)  # type: ignore[arg-type]
    return case


def explained(case: Interruption) -> Event:
    """We called, explained what happened, and heard the customer."""
    deal, user = case.deal, case.deal.owner
    event = log_activity(user, deal, Kind.CALL, direction=Direction.BOTH)
    restarting.record_explanation(user, case, event.at, "障害の経緯を説明し、ご意見を伺った")
    return event


def needs_known(case: Interruption) -> Event:
    """After the explanation the customer called again and said what they need."""
    explained(case)
    deal, user = case.deal, case.deal.owner
    event = log_activity(user, deal, Kind.CALL, direction=Direction.IN)
    restarting.record_needs(user, case, event.at, "10月までに50台", who="鈴木様")
    return event


def ready(case: Interruption) -> None:
    """Every gate of the restart plan is passed, by a new quote."""
    needs_known(case)
    deal, user = case.deal, case.deal.owner
    log_activity(user, deal, Kind.QUOTE, direction=Direction.OUT)
    log_activity(user, deal, Kind.CALL, direction=Direction.IN)
    plan_next_step(user, deal, timezone.localdate() + timedelta(days=3))


def resumed(deal: Deal) -> Interruption:
    """A case that was worked to its good end."""
    case = confirmed(deal)
    ready(case)
    return actions.resume(deal.owner, case)
