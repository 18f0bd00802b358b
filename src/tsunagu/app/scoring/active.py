"""The model in use, kept in the memory of the process: loading it takes longer than asking it."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from tsunagu.app.scoring import bridge
from tsunagu.app.scoring.models import RiskModelVersion, State


def active_version() -> RiskModelVersion | None:
    """The version in use, without what is heavy; None where none was fitted yet."""
    return (
        RiskModelVersion.objects.defer("content", "reference").filter(state=State.CHAMPION).first()
    )


def model_of(version: RiskModelVersion) -> Any:
    """The model itself at the level of late, for :mod:`tsunagu.app.scoring.bridge`."""
    return _at_level(version.pk, version.created_at, json.dumps(version.level))


def prepared_of(version: RiskModelVersion, at: datetime) -> Any:
    """The model's features as statements that are good at ``at``; compiled once a month."""
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _prepared(version.pk, version.created_at, month)


@lru_cache(maxsize=2)
def _loaded(pk: int, created_at: datetime) -> Any:
    return bridge.load(bytes(RiskModelVersion.objects.get(pk=pk).content))


@lru_cache(maxsize=2)
def _at_level(pk: int, created_at: datetime, level: str) -> Any:
    model, known = _loaded(pk, created_at), json.loads(level)
    return model.at_level(known) if known else model


@lru_cache(maxsize=1)
def _prepared(pk: int, created_at: datetime, month: datetime) -> Any:
    return bridge.prepare(_loaded(pk, created_at), month)
