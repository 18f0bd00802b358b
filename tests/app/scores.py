"""Scores for tests, as the scoring would write them; they replace what it wrote itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.scoring.models import Score, ScorePoint, Source

REASONS = [
    {"group": "silence", "contribution": 0.9, "ja": "連絡が途絶えています", "en": "Silent"},
    {"group": "close", "contribution": 0.4, "ja": "延期されました", "en": "Pushed"},
    {"group": "talks", "contribution": -0.3, "ja": "打ち合わせが3回です", "en": "3 meetings"},
]


def make_score(deal: Deal, risk: float, *, worth: float | None = None, **fields: Any) -> Score:
    values: dict[str, Any] = {f"risk_{days}": risk for days in (7, 14, 30, 60, 90)}
    values |= {"at": timezone.now(), "won_30": 0.1, "lost_30": 0.1, "source": Source.SCORECARD}
    values |= {"reasons": REASONS, "worth": risk if worth is None else worth, **fields}
    score, _made = Score.objects.update_or_create(deal=deal, defaults=values)
    deal.refresh_from_db()
    return score


def make_points(deal: Deal, *risks: float) -> None:
    """The risks of the days before today, oldest first."""
    today = timezone.localdate()
    ScorePoint.objects.bulk_create(
        ScorePoint(deal=deal, on=today - timedelta(days=len(risks) - i), risk_30=risk)
        for i, risk in enumerate(risks)
    )
