"""A review as it stood each time it was finished."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tsunagu.app.knowledge.models import Improvement, Lesson, Review, ReviewVersion, Why
from tsunagu.app.people.models import User


def keep_version(review: Review, user: User, at: datetime) -> ReviewVersion:
    """Keep all that it says now."""
    causes = list(review.causes.values("cause", "main", "influence"))
    parts = [_part("worked", review.text, review.by_id)] if review.text else []
    for model in (Why, Lesson, Improvement):
        rows: QuerySet[Any] = model.objects.filter(review=review).order_by("pk")
        kind = str(model._meta.model_name)
        parts += [_part(kind, text, by) for text, by in rows.values_list("text", "by")]
    return ReviewVersion.objects.create(
        review=review,
        number=review.version,
        at=at,
        by=user,
        content={"causes": causes, "parts": parts},
    )


def _part(kind: str, text: str, by: int) -> dict[str, Any]:
    return {"kind": kind, "text": text, "by": by}
