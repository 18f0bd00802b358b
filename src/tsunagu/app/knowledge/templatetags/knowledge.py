"""What the pages of a case and of a deal ask of knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import queries, words
from tsunagu.app.knowledge.models import Lesson
from tsunagu.app.knowledge.similar import Similar, similar_cases
from tsunagu.app.people.models import User

register = template.Library()


@register.simple_tag
def cases_like(user: User, case: Interruption) -> list[Similar]:
    """Similar past cases."""
    return similar_cases(user, case)


@register.simple_tag
def lessons_for(case: Interruption) -> list[Lesson]:
    """Lessons of the same cause."""
    return queries.for_case(case)


@register.simple_tag
def lessons_at(deal: Deal) -> list[Lesson]:
    """Lessons of the stage in which the deal is."""
    return queries.at_stage(deal)


@register.filter
def review_due(case: Interruption) -> datetime | None:
    """Since when the case's review is due."""
    return queries.due_since(case)


@register.filter
def likely(likeness: float) -> int:
    """As a number of 100."""
    return round(100 * likeness)


@register.simple_tag
def marked(text: str, wanted: Sequence[str]) -> SafeString:
    """The text with what was found in it marked."""
    return words.marked(text, wanted)
