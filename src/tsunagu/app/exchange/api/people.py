"""People and teams: whom the caller works with."""

from __future__ import annotations

from typing import Annotated, Literal

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Noun,
    Said,
    chosen,
    locked,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people import actions
from tsunagu.app.people.models import Role, Team, User
from tsunagu.app.people.permissions import teams_led, visible_users

routes = Routes(Group.PEOPLE, _("People"))


class PersonOut(Noun):
    """Somebody who works with Tsunagu, or whom imported records name."""

    external_id: str = Field(description="The person's name in facts and files.")
    name: str = Field(examples=["Hanako Sato"])
    email: str | None
    role: Role
    team: int | None
    is_active: bool

    @classmethod
    def of(cls, person: User) -> PersonOut:
        """``person`` as it is sent."""
        return cls(
            id=person.pk,
            external_id=person.external_id,
            name=person.name,
            email=person.email,
            role=Role(person.role),
            team=person.team_id,
            is_active=person.is_active,
        )


class PeopleWanted(paging.PagedText):
    """What the list of people can be asked for."""

    team: Key | None = None
    active: bool | None = None
    sort: Literal["id", "-id", "name", "-name"] = "id"

    def of(self, user: User) -> QuerySet[User]:
        """Those whom ``user`` may see."""
        return narrowed(
            visible_users(user),
            team=self.team,
            is_active=self.active,
            name__icontains=self.q or None,
        )


class TeamOut(Noun):
    """A team; ``parent`` stands above it."""

    name: str = Field(examples=["Tokyo Sales 1"])
    parent: int | None

    @classmethod
    def of(cls, team: Team) -> TeamOut:
        """``team`` as it is sent."""
        return cls(id=team.pk, name=team.name, parent=team.parent_id)


Name = Annotated[str, Field(min_length=1, max_length=100, examples=["Tokyo Sales 1"])]


class TeamIn(Said):
    """A new team."""

    name: Name
    parent: Key | None = None


class TeamChanges(Said):
    """Another name, another place in the tree."""

    name: Name = ""
    parent: Key | None = None


def _teams(user: User) -> QuerySet[Team]:
    """Those that the caller answers for, and the own one."""
    return Team.objects.filter(Q(pk__in=teams_led(user)) | Q(pk=user.team_id))


@routes.get("/me", response=PersonOut, summary=_("Whoever calls"))
def get_me(request: HttpRequest) -> HttpResponse:
    return answers.one(request, PersonOut.of(user_of(request)))


@routes.get("/people", response=Listed[PersonOut], summary=_("List people"))
def list_people(request: HttpRequest, wanted: Query[PeopleWanted]) -> HttpResponse:
    rows = wanted.of(user_of(request))
    found = paging.page(rows, wanted, sort=wanted.sort, columns={"name": "name"})
    return answers.many(request, PersonOut, found)


@routes.get("/people/{pk}", response=PersonOut, summary=_("One person"))
def get_person(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, PersonOut.of(one_of(visible_users(user_of(request)), pk)))


@routes.get("/teams", response=Listed[TeamOut], summary=_("List teams"))
def list_teams(request: HttpRequest, wanted: Query[paging.Paged]) -> HttpResponse:
    return answers.many(request, TeamOut, paging.page(_teams(user_of(request)), wanted))


@routes.get("/teams/{pk}", response=TeamOut, summary=_("One team"))
def get_team(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, TeamOut.of(one_of(_teams(user_of(request)), pk)))


@routes.post("/teams", response={201: TeamOut}, summary=_("Add a team"))
def create_team(request: HttpRequest, said: TeamIn) -> HttpResponse:
    parent = _parent(said.parent)
    team = actions.create_team(user_of(request), name=said.name, parent=parent)
    address = reverse("api:get_team", kwargs={"pk": team.pk})
    return answers.one(request, TeamOut.of(team), made_at=address)


@routes.patch("/teams/{pk}", response=TeamOut, summary=_("Rename or move a team"))
def change_team(request: HttpRequest, pk: Id, said: TeamChanges) -> HttpResponse:
    user = user_of(request)
    team = one_of(locked(_teams(user)), pk)
    expect(request, TeamOut.of(team))
    given = said.given()
    if "name" in given:
        actions.rename_team(user, team, said.name)
    if "parent" in given:
        actions.move_team(user, team, _parent(said.parent))
    team.refresh_from_db()
    return answers.one(request, TeamOut.of(team))


@routes.delete("/teams/{pk}", response={204: None}, summary=_("Remove a team"))
def remove_team(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    team = one_of(locked(_teams(user)), pk)
    expect(request, TeamOut.of(team))
    actions.remove_team(user, team)
    return answers.nothing()


def _parent(pk: int | None) -> Team | None:
    return None if pk is None else chosen(Team.objects.all(), pk, "parent")
