"""What the page of a review says."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from tsunagu.app.interruptions.models import CauseNote, Interruption
from tsunagu.app.knowledge import timeline
from tsunagu.app.knowledge.models import (
    Improvement,
    Lesson,
    Review,
    ReviewedCause,
    ReviewVersion,
    Why,
)
from tsunagu.app.knowledge.profiles import OVER
from tsunagu.app.knowledge.queries import due_since
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission


@dataclass
class Answer:
    """An answer to "why?" with those below it; ``depth`` counts from 1."""

    why: Why
    depth: int
    further: list[Answer] = field(default_factory=list)


class ReviewPage:
    """One review for one reader; each part is asked for once."""

    def __init__(self, user: User, case: Interruption) -> None:
        self.user, self.case, self.deal = user, case, case.deal
        self.review: Review | None = getattr(case, "review", None)
        self.due_since = due_since(case)

    @property
    def is_finished(self) -> bool:
        """Whether it stands."""
        return self.review is not None and self.review.is_finished

    @property
    def may_begin(self) -> bool:
        """Whether there is something to look back at."""
        return self.case.confirmed_at is not None or self.case.state in OVER

    @cached_property
    def may_write(self) -> bool:
        """Whether the reader may write this review."""
        return self.may_begin and has_permission(self.user, "reviews.write", self.deal)

    @property
    def is_open(self) -> bool:
        """Whether the reader may change it now."""
        return self.may_write and not self.is_finished

    @cached_property
    def course(self) -> timeline.Course:
        """What happened."""
        return timeline.course(self.case)

    @cached_property
    def causes(self) -> list[ReviewedCause]:
        """Those confirmed, the main one first."""
        return list(self.review.causes.all()) if self.review else []

    @cached_property
    def supposed(self) -> list[CauseNote]:
        """What people set on the case."""
        return list(self.case.cause_notes.filter(set_by__isnull=False))

    @cached_property
    def answers(self) -> list[Answer]:
        """The tree of whys."""
        known: dict[int, Answer] = {}
        tops: list[Answer] = []
        for why in self.review.whys.select_related("by") if self.review else ():
            above = known.get(why.parent_id or 0)
            known[why.pk] = Answer(why, above.depth + 1 if above else 1)
            (above.further if above else tops).append(known[why.pk])
        return tops

    @cached_property
    def lessons(self) -> list[Lesson]:
        """In the order in which they were written."""
        return list(self.review.lessons.select_related("by")) if self.review else []

    @cached_property
    def improvements(self) -> list[Improvement]:
        """What is due first."""
        return list(self.review.improvements.select_related("owner")) if self.review else []

    @cached_property
    def versions(self) -> list[ReviewVersion]:
        """As it was finished before, the newest first."""
        return list(self.review.versions.select_related("by")) if self.review else []
