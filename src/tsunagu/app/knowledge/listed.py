"""Lists of lessons, improvements and reviews that are due, as they are exported."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.listed import DEAL_OF_CASE, STATE_OF_CASE
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import queries
from tsunagu.app.knowledge.models import Improvement, Lesson, Remedy
from tsunagu.app.listing import Column, Listed, column, labels
from tsunagu.app.people.models import User


def _lessons(user: User, query: QueryDict) -> QuerySet[Lesson]:
    wanted = queries.Wanted.from_query(query)
    return queries.lessons(wanted, wanted.words)


def _improvements(user: User, query: QueryDict) -> QuerySet[Improvement]:
    wanted = queries.Wanted.from_query(query)
    return queries.improvements(user, wanted, wanted.words)


def _due(user: User, query: QueryDict) -> QuerySet[Interruption]:
    return queries.due(user)


PLACE: tuple[Column, ...] = (
    column(_("Cause"), "cause", teller=labels(Cause)),
    column(_("Stage"), "stage__name"),
    column(_("Product"), "product"),
)
"""Where it applies."""

LESSONS = Listed(
    "lessons",
    _("Lessons"),
    _lessons,
    (column(_("Lesson"), "text"), *PLACE, column(_("Published"), "published_at")),
)

IMPROVEMENTS = Listed(
    "improvements",
    _("Improvements"),
    _improvements,
    (
        column(_("Improvement"), "text"),
        column(_("Kind"), "remedy", teller=labels(Remedy)),
        *PLACE,
        column(_("Owner"), "owner__name"),
        column(_("Until"), "due_on"),
        column(_("Whom it concerns"), "team__name"),
        column(_("Done"), "done_at"),
        column(_("Effect judged"), "seen_at"),
        column(_("Effect"), "effect"),
    ),
)

DUE = Listed(
    "reviews-due",
    _("Reviews due"),
    _due,
    (
        *DEAL_OF_CASE,
        *STATE_OF_CASE,
        column(_("Confirmed"), "confirmed_at"),
        column(_("Closed"), "closed_at"),
        column(_("Review begun"), "review__begun_at"),
    ),
)
