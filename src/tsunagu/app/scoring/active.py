"""The model in use, kept in the memory of the process: loading it takes longer than asking it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from tsunagu.app.scoring import bridge
from tsunagu.app.scoring.models import RiskModelVersion


def active_version() -> RiskModelVersion | None:
    """The version in use, without its content; None where none was fitted yet."""
    return RiskModelVersion.objects.defer("content").filter(active=True).first()


def model_of(version: RiskModelVersion) -> Any:
    """The model itself, for :mod:`tsunagu.app.scoring.bridge`."""
    return _loaded(version.pk, version.created_at)


@lru_cache(maxsize=2)
def _loaded(pk: int, created_at: datetime) -> Any:
    return bridge.load(bytes(RiskModelVersion.objects.get(pk=pk).content))
