"""Lists of cases, as they are exported."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.interruptions import queries
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State
from tsunagu.app.listing import Column, Listed, column, labels
from tsunagu.app.people.models import User


def _cases(user: User, query: QueryDict) -> QuerySet[Interruption]:
    return queries.all_cases(user, queries.CaseFilter.from_query(query, queries.LIST_SORT))


def _inbox(user: User, query: QueryDict) -> QuerySet[Interruption]:
    return queries.inbox(user, queries.CaseFilter.from_query(query, queries.INBOX_SORT))


DEAL_OF_CASE: tuple[Column, ...] = (
    column(_("Deal number"), "deal__external_id"),
    column(_("Title"), "deal__title"),
    column(_("Customer name"), "deal__customer__name"),
    column(_("Owner"), "deal__owner__name"),
)
"""Which deal a case is about."""

STATE_OF_CASE: tuple[Column, ...] = (
    column(_("State"), "state", teller=labels(State)),
    column(_("Main cause"), "main_cause", teller=labels(Cause)),
)
"""Where it stands, and why."""

CASE_COLUMNS = (
    *DEAL_OF_CASE,
    *STATE_OF_CASE,
    column(_("Since"), "state_since"),
    column(_("Opened"), "opened_at"),
    column(_("Confirmed"), "confirmed_at"),
    column(_("Closed"), "closed_at"),
    column(_("At stake"), "value"),
    column(_("Evidence"), "strength"),
    column(_("Signals"), "signal_count"),
    column(_("Newest evidence"), "last_signal_at"),
)

CASES = Listed("cases", _("Interruptions"), _cases, CASE_COLUMNS)
INBOX = Listed("inbox", _("Suspicions"), _inbox, CASE_COLUMNS)
