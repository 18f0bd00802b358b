"""What the pages of people and teams ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Deal
from tsunagu.app.deals.queries import number
from tsunagu.app.lists import ordering, search_text
from tsunagu.app.people.models import Team, User

SORTS = {
    "name": "name",
    "role": "role",
    "team": "team__name",
    "deals": "running",
    "seen": "last_login",
}
DEFAULT_SORT = "name"
STATES = {"active": Q(is_active=True), "inactive": Q(is_active=False), "all": Q()}


@dataclass(frozen=True)
class PeopleFilter:
    """What the list of people was asked for. Unknown values ask for nothing."""

    text: str = ""
    role: str = ""
    team: int | None = None
    state: str = "active"
    sort: str = DEFAULT_SORT

    @classmethod
    def from_query(cls, query: QueryDict) -> PeopleFilter:
        """The filter that an address's query asks for."""
        return cls(
            text=search_text(query),
            role=query.get("role", ""),
            team=number(query.get("team")),
            state=query.get("state", "active"),
            sort=query.get("sort", DEFAULT_SORT),
        )

    @property
    def narrows(self) -> bool:
        """Whether some people may be left out."""
        return bool(self.text or self.role or self.team or self.state != "all")


def people(wanted: PeopleFilter) -> QuerySet[User]:
    """People with ``running``, the number of their running deals, in the wanted order."""
    rows = User.objects.select_related("team").annotate(running=_running())
    rows = rows.filter(STATES.get(wanted.state, Q()))
    if wanted.text:
        rows = rows.filter(Q(name__icontains=wanted.text) | Q(email__icontains=wanted.text))
    if wanted.role:
        rows = rows.filter(role=wanted.role)
    if wanted.team is not None:
        rows = rows.filter(team=wanted.team)
    return rows.order_by(*ordering(wanted.sort, SORTS, DEFAULT_SORT))


def _running() -> Coalesce:
    theirs = Deal.objects.filter(owner=OuterRef("pk"), outcome__isnull=True).order_by()
    return Coalesce(Subquery(theirs.values("owner").annotate(n=Count("pk")).values("n")), 0)


def teams() -> QuerySet[Team]:
    """The tree, each team before those below it, with the numbers of its people and deals."""
    members = User.objects.filter(team=OuterRef("pk"), is_active=True).order_by().values("team")
    deals = Deal.objects.filter(team=OuterRef("pk"), outcome__isnull=True).order_by().values("team")
    return Team.objects.annotate(
        people=Coalesce(Subquery(members.annotate(n=Count("pk")).values("n")), 0),
        running=Coalesce(Subquery(deals.annotate(n=Count("pk")).values("n")), 0),
    ).order_by("path")


def people_held(kind: str, text: str, sort: str) -> QuerySet[Contact] | QuerySet[User]:
    """Contact persons or users by name or address."""
    fields = {"name": "name", "email": "email"}
    rows: Any = User.objects.all()
    if kind == "contact":
        rows = Contact.objects.select_related("customer")
        fields["customer"] = "customer__name"
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    found: QuerySet[Contact] | QuerySet[User] = rows.order_by(*ordering(sort, fields, "name"))
    return found
