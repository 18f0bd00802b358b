"""Today's deals and the team's numbers, as they are exported."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.listed import DEAL_COLUMNS
from tsunagu.app.deals.models import Deal
from tsunagu.app.deals.queries import number
from tsunagu.app.listing import Listed, column
from tsunagu.app.people.models import User
from tsunagu.app.today import queries
from tsunagu.app.today import team as teams


def _today(user: User, query: QueryDict) -> QuerySet[Deal]:
    wanted = number(query.get("member"))
    member = user if wanted is None else queries.members(user).filter(pk=wanted).first()
    return queries.running_deals(user, member) if member else Deal.objects.none()


def _team(user: User, query: QueryDict) -> QuerySet[Deal, Any]:
    return teams.by_member(teams.running_deals(user), query.get("sort", teams.DEFAULT_SORT))


TODAY = Listed("today", _("Today"), _today, DEAL_COLUMNS)

TEAM = Listed(
    "team",
    _("Team"),
    _team,
    (
        column(_("Member"), "owner__name"),
        column(_("Running deals"), "count"),
        column(_("Amount"), "total"),
        column(_("Expected break-offs"), "expected"),
        column(_("Silent"), "silent"),
        column(_("Overdue steps"), "overdue"),
    ),
    permission="people.lead",
)
