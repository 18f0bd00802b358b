"""What the page of targets asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.http import QueryDict

from tsunagu.app.deals.queries import number
from tsunagu.app.outlook import months
from tsunagu.app.people.models import Team, User
from tsunagu.app.people.permissions import led_users, teams_led

PAGE_SIZE = 50


@dataclass(frozen=True)
class TargetFilter:
    """What the page was asked for. Unknown values ask for this month and everybody."""

    month: date = field(default_factory=months.this_month)
    team: int | None = None

    @classmethod
    def from_query(cls, query: QueryDict) -> TargetFilter:
        """The filter that an address's query asks for."""
        return cls(months.read(query.get("month", "")), number(query.get("team")))


def people(user: User, wanted: TargetFilter) -> QuerySet[User]:
    """Active people whom ``user`` leads, with ``target`` (None: not set), team by team."""
    rows = with_target(led_users(user).filter(is_active=True), wanted.month)
    rows = rows.annotate(target=F("set_target__amount")).select_related("team")
    if wanted.team is not None:
        rows = rows.filter(team=wanted.team)
    return rows.order_by(F("team__path").asc(nulls_last=True), "name", "pk")


def named(user: User, month: date, ids: Iterable[int]) -> QuerySet[User]:
    """Those of :func:`people` that a sent form names, however the pages lie by now."""
    return people(user, TargetFilter(month)).filter(pk__in=list(ids))


def with_target(rows: QuerySet[User], month: date) -> QuerySet[User]:
    """People with their target of the month as ``set_target``, a left join."""
    of_month = FilteredRelation("targets", condition=Q(targets__month=month))
    return rows.alias(set_target=of_month)


def tally(user: User, wanted: TargetFilter) -> dict[str, Any]:
    """Over all pages: how many ``people``, for how many a target is ``set``, and their ``sum``."""
    return people(user, wanted).aggregate(
        people=Count("pk"), set=Count("target"), sum=Sum("target")
    )


def teams(user: User) -> QuerySet[Team]:
    """Teams to choose from."""
    return teams_led(user).order_by("path")
