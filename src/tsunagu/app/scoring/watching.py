"""Looks every night for what has drifted, and keeps what is to be told: once, while it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.scoring import lifecycle
from tsunagu.app.scoring.active import active_version, model_of
from tsunagu.app.scoring.models import DriftFinding, DriftKind, RiskModelVersion

Key = tuple[str, str]


def watch(at: datetime | None = None) -> int:
    """Look for drift of the model in use; returns how many findings there are now."""
    version, now = active_version(), at or timezone.now()
    if version is None or not version.reference:
        return 0
    found = lifecycle.drift(model_of(version), version.reference, now)
    return keep(version, found, now)


def keep(version: RiskModelVersion, found: Mapping[str, Any], at: datetime) -> int:
    """Keep what was seen ``at``: begin, continue and end findings."""
    drifted = _drifted(found)
    with transaction.atomic():
        RiskModelVersion.objects.filter(pk=version.pk).update(drift=found)
        known = {(f.kind, f.subject): f for f in DriftFinding.objects.filter(until=None)}
        _end([f for key, f in known.items() if key not in drifted], at)
        for key, reading in drifted.items():
            _begin_or_go_on(known.get(key), key, reading, at)
    return len(drifted)


def _drifted(found: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    return {
        (kind.value, reading["subject"]): reading
        for kind in DriftKind
        for reading in found[kind.value]["readings"]
        if reading["drifted"]
    }


def _end(over: list[DriftFinding], at: datetime) -> None:
    DriftFinding.objects.filter(pk__in=[f.pk for f in over]).update(until=at)


def _begin_or_go_on(
    known: DriftFinding | None, key: Key, reading: dict[str, Any], at: datetime
) -> None:
    if known is None:
        kind, subject = key
        DriftFinding.objects.create(kind=kind, subject=subject, since=at, reading=reading)
        return
    known.reading = reading
    known.save(update_fields=["reading"])


def note(user: User, finding: DriftFinding) -> None:
    """Take note of a finding: it stays on the page, but calls for nobody until it comes anew.

    Raises:
        PermissionDenied: ``user`` may not.
    """
    require(user, "scoring.configure")
    with transaction.atomic():
        if DriftFinding.objects.filter(pk=finding.pk, noted_by=None).update(noted_by=user):
            audit.record(user, "note_drift", finding, after={"subject": finding.subject})
