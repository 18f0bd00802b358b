"""Lists of people and teams, as they are exported."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.listing import Listed, column, labels
from tsunagu.app.organisation import queries
from tsunagu.app.people.models import Role, Team, User


def _people(user: User, query: QueryDict) -> QuerySet[User]:
    return queries.people(queries.PeopleFilter.from_query(query))


def _teams(user: User, query: QueryDict) -> QuerySet[Team]:
    return queries.teams()


PEOPLE = Listed(
    "people",
    _("People"),
    _people,
    (
        column(_("Name"), "name"),
        column(_("E-mail address"), "email"),
        column(_("Role"), "role", teller=labels(Role)),
        column(_("Team"), "team__name"),
        column(_("Active"), "is_active"),
        column(_("Running deals"), "running"),
        column(_("Last log-in"), "last_login"),
    ),
    permission="people.manage",
)

TEAMS = Listed(
    "teams",
    _("Teams"),
    _teams,
    (
        column(_("Name"), "name"),
        column(_("Above it"), "parent__name"),
        column(_("People"), "people"),
        column(_("Running deals"), "running"),
    ),
    permission="people.manage",
)
