"""Lists of deals, of their facts, and of processes, as they are exported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals import history, queries
from tsunagu.app.deals.customer_page import course_of, deals_of
from tsunagu.app.deals.models import Deal, Direction, Event, Kind, Outcome, Process, Stage
from tsunagu.app.listing import Column, Listed, Teller, column, labels, words
from tsunagu.app.people.listed import names_by_key
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers, visible_deals


def _deals(user: User, query: QueryDict) -> QuerySet[Deal]:
    return queries.deal_list(user, queries.DealFilter.from_query(query))


def _of(query: QueryDict) -> int:
    """The row whose page the list stands on; 0, which none has, for anything else."""
    return queries.number(query.get("of")) or 0


def _customers_deals(user: User, query: QueryDict) -> QuerySet[Deal]:
    customer = visible_customers(user).filter(pk=_of(query)).first()
    return deals_of(user, customer) if customer else Deal.objects.none()


def _customers_course(user: User, query: QueryDict) -> QuerySet[Event]:
    customer = visible_customers(user).filter(pk=_of(query)).first()
    return course_of(user, customer) if customer else Event.objects.none()


def _history(user: User, query: QueryDict) -> QuerySet[Event]:
    deal = visible_deals(user).filter(pk=_of(query)).first()
    return history.events_of(deal, query.get("show", "")) if deal else Event.objects.none()


def _activities(user: User, query: QueryDict) -> QuerySet[Event]:
    """What was done on the deals that were asked for, deal by deal."""
    deals = _deals(user, query).order_by().values("pk")
    facts: QuerySet[Event] = Event.objects.filter(deal__in=deals).exclude(kind__in=history.CHANGES)
    return facts.order_by("deal", "at")


def _stage_names() -> Mapping[str, str]:
    return dict(Stage.objects.values_list("key", "name"))


def _said() -> Teller:
    """What a fact says: names for keys, days for dates."""
    stages, people = _stage_names(), names_by_key()
    ends = {outcome.value: str(outcome.label) for outcome in Outcome}
    known: dict[str, Mapping[str, str]] = {
        Kind.STAGE: stages,
        Kind.OWNER: people,
        Kind.OUTCOME: ends,
    }

    def tell(kind: str, value: str | None) -> Any:
        if kind in {Kind.CLOSE_DATE, Kind.PLANNED}:
            return _day(value)
        return known.get(kind, {}).get(value or "", value)

    return tell


def _day(value: str | None) -> date | str | None:
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return value


DEAL_COLUMNS: tuple[Column, ...] = (
    column(_("Deal number"), "external_id"),
    column(_("Title"), "title"),
    column(_("Customer number"), "customer__external_id"),
    column(_("Customer name"), "customer__name"),
    column(_("Owner"), "owner__name"),
    column(_("Team"), "team__name"),
    column(_("Began on"), "created_at"),
    column(_("Stage"), "stage__name"),
    column(_("Outcome"), "outcome", teller=labels(Outcome)),
    column(_("Amount"), "amount"),
    column(_("Next step"), "next_step_on"),
    column(_("Last activity"), "last_activity_at"),
    column(_("Close date"), "close_date"),
    column(_("Ended on"), "ended_at"),
    column(_("Break risk within 30 days"), "score__risk_30"),
)
"""What every list of deals tells."""

FACT_COLUMNS: tuple[Column, ...] = (
    column(_("Deal number"), "deal__external_id"),
    column(_("Title"), "deal__title"),
    column(_("When it happened"), "at"),
    column(_("Kind of activity"), "kind", teller=labels(Kind)),
    column(_("From or to the customer"), "direction", teller=labels(Direction)),
    column(_("Result or new value"), "kind", "value", teller=_said),
    column(_("Amount"), "amount"),
    column(_("Who did it"), "actor", teller=words(names_by_key)),
    column(_("What was said or done"), "text"),
)
"""What every list of facts tells."""

DEALS = Listed("deals", _("Deals"), _deals, DEAL_COLUMNS, beside=("activities",))
ACTIVITIES = Listed("activities", _("Activities"), _activities, FACT_COLUMNS, beside=("deals",))
HISTORY = Listed("history", _("History"), _history, FACT_COLUMNS)
CUSTOMERS_DEALS = Listed("customer-deals", _("Deals"), _customers_deals, DEAL_COLUMNS)
CUSTOMERS_COURSE = Listed("customer-activities", _("Activities"), _customers_course, FACT_COLUMNS)


def _processes(user: User, query: QueryDict) -> QuerySet[Process]:
    return queries.process_list()


PROCESSES = Listed(
    "processes",
    _("Processes and stages"),
    _processes,
    (
        column(_("Name"), "name"),
        column(_("Standard"), "is_default"),
        column(_("Archived"), "archived"),
        column(_("Stages"), "steps"),
        column(_("Running deals"), "running"),
    ),
    permission="deals.configure",
)
