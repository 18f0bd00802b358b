"""What pages ask about reviews and what came of them. Each sees only what the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.deals.queries import number
from tsunagu.app.interruptions.causes import Category, Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import LIVING
from tsunagu.app.knowledge.full_text import matching
from tsunagu.app.knowledge.models import Followed, Improvement, Lesson
from tsunagu.app.knowledge.profiles import OVER
from tsunagu.app.knowledge.words import sought
from tsunagu.app.lists import plain_text, search_text
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import decidable_interruptions, visible_interruptions

AFTER = timedelta(days=14)
"""A case that goes on for so long is reviewed on the way."""

ASKED_FOR = timedelta(days=180)
"""For so long after its end a review is asked for."""

SHOWN = 3

Row = TypeVar("Row", Lesson, Improvement)


def due(user: User) -> QuerySet[Interruption]:
    """Cases whose review is due, and ``user`` answers for; the longest due first."""
    now = timezone.now()
    ended = Q(state__in=OVER, confirmed_at__isnull=False, closed_at__gte=now - ASKED_FOR)
    long = Q(state__in=LIVING, confirmed_at__lte=now - AFTER)
    rows = decidable_interruptions(user).filter(ended | long, review__finished_at__isnull=True)
    return rows.select_related("deal__customer", "deal__owner", "review").order_by(
        "confirmed_at", "pk"
    )


def due_since(case: Interruption) -> datetime | None:
    """Since when the review is due; None: not yet, or it is finished."""
    review = getattr(case, "review", None)
    if case.confirmed_at is None or (review is not None and review.is_finished):
        return None
    long = case.confirmed_at + AFTER
    since = min(case.closed_at, long) if case.closed_at and case.state in OVER else long
    return since if since <= timezone.now() and case.state in (*LIVING, *OVER) else None


@dataclass(frozen=True)
class Wanted:
    """What a person asked a list for. Unknown values ask for nothing."""

    text: str = ""
    cause: str = ""
    stage: int | None = None
    product: str = ""
    state: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Wanted:
        """What an address's query asks for."""
        return cls(
            text=search_text(query),
            cause=query.get("cause", ""),
            stage=number(query.get("stage")),
            product=plain_text(query.get("product", "")),
            state=query.get("state", ""),
        )

    @property
    def narrows(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.text or self.cause or self.stage or self.product or self.state)

    @property
    def words(self) -> list[str]:
        """What is looked for, as words."""
        return sought(self.text) if self.text else []

    def of(self, rows: QuerySet[Row], words: list[str]) -> QuerySet[Row]:
        """Those of ``rows`` that were asked for; the best match first, else as they were."""
        rows = rows.filter(self._cause())
        if self.stage is not None:
            rows = rows.filter(stage=self.stage)
        if self.product:
            rows = rows.filter(product=self.product)
        if self.text:
            return matching(rows, words) if words else rows.none()
        return rows

    def _cause(self) -> Q:
        if self.cause in Category.values:
            return Q(cause__startswith=f"{self.cause}.")
        return Q(cause=self.cause) if self.cause in Cause.values else Q()


def published() -> QuerySet[Lesson]:
    """Lessons that everybody may read."""
    return Lesson.objects.filter(published_at__isnull=False)


def lessons(wanted: Wanted, words: list[str]) -> QuerySet[Lesson]:
    """Published lessons, the newest first or the best match."""
    rows = published().select_related("stage").order_by("-published_at", "-pk")
    return wanted.of(rows, words)


def improvements(user: User, wanted: Wanted, words: list[str]) -> QuerySet[Improvement]:
    """Improvements of cases that ``user`` may see, and the user's own; the overdue first."""
    rows = visible_improvements(user).select_related("stage", "owner")
    rows = rows.order_by(F("seen_at").asc(nulls_first=True), "due_on", "pk")
    if wanted.state == "overdue":
        rows = rows.filter(done_at__isnull=True, due_on__lt=timezone.localdate())
    elif wanted.state == Followed.OPEN:
        rows = rows.filter(done_at__isnull=True)
    elif wanted.state in Followed.values:
        rows = rows.filter(done_at__isnull=False, seen_at__isnull=wanted.state == Followed.DONE)
    return wanted.of(rows, words)


def visible_improvements(user: User) -> QuerySet[Improvement]:
    """Those of finished reviews or drafts alike, of visible cases, and the user's own."""
    cases = visible_interruptions(user).values("pk")
    return Improvement.objects.filter(Q(review__case__in=cases) | Q(owner=user))


def products() -> list[str]:
    """What the published lessons are about, for a filter."""
    named = published().exclude(product="").order_by("product")
    return list(named.values_list("product", flat=True).distinct()[:200])


def for_case(case: Interruption) -> list[Lesson]:
    """The newest lessons of the case's cause."""
    if not case.main_cause:
        return []
    rows = published().filter(cause=case.main_cause).exclude(review__case=case)
    return list(rows.select_related("stage").order_by("-published_at", "-pk")[:SHOWN])


def at_stage(deal: Deal) -> list[Lesson]:
    """The newest lessons of interruptions at the stage in which the running deal is."""
    if deal.stage_id is None or not deal.is_open:
        return []
    rows = published().filter(stage=deal.stage_id)
    return list(rows.order_by("-published_at", "-pk")[:SHOWN])
