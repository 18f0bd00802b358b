"""The list of targets, as it is exported."""

from __future__ import annotations

from django.db.models import DateField, QuerySet, Value
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.listing import Listed, column
from tsunagu.app.outlook import queries
from tsunagu.app.people.models import User


def _targets(user: User, query: QueryDict) -> QuerySet[User]:
    wanted = queries.TargetFilter.from_query(query)
    rows = queries.people(user, wanted)
    return rows.annotate(of_month=Value(wanted.month, output_field=DateField()))


TARGETS = Listed(
    "targets",
    _("Targets"),
    _targets,
    (
        column(_("Month"), "of_month"),
        column(_("Name"), "name"),
        column(_("Team"), "team__name"),
        column(_("Target"), "target"),
    ),
    permission="outlook.set_targets",
)
