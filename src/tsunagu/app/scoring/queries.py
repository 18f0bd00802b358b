"""What the page about the model asks."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import get_language

from tsunagu.app.deals.models import Deal, Outcome
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import DriftFinding, RiskModelVersion, Run, Score


@dataclass(frozen=True)
class ModelInUse:
    """The model in use in numbers, with its own statement in the reader's language."""

    version: RiskModelVersion

    @property
    def statement(self) -> str:
        """How much history there is to learn from, and what follows."""
        return str(self.version.summary["statement_ja" if get_language() == "ja" else "statement"])

    @property
    def outcomes(self) -> list[tuple[str, int]]:
        """How the finished deals ended that it learned from."""
        counts = self.version.summary["outcomes"]
        return [(str(outcome.label), counts.get(outcome.value, 0)) for outcome in Outcome]


def model_in_use() -> ModelInUse | None:
    """None before the first fit."""
    version = active_version()
    return ModelInUse(version) if version else None


def versions() -> QuerySet[RiskModelVersion]:
    """All versions, the newest first, without what is heavy."""
    return RiskModelVersion.objects.only("created_at", "state", "weight", "verdict", "used_since")


def findings() -> QuerySet[DriftFinding]:
    """What drifts now, the newest first."""
    return DriftFinding.objects.filter(until=None).select_related("noted_by")


def coverage() -> dict[str, int]:
    """How many open deals there are, and how many of them have a score."""
    return {
        "open": Deal.objects.filter(outcome__isnull=True).count(),
        "scored": Score.objects.count(),
    }


def open_runs() -> list[Run]:
    """Work under way or waiting."""
    return list(Run.objects.filter(finished_at__isnull=True))


def last_run() -> Run | None:
    """What ended last."""
    return Run.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
