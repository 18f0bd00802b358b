"""Who sees which rows."""

from __future__ import annotations

import pytest
from tests.app.factories import Organisation, make_customer, make_deal, make_team, make_user

from tsunagu.app.people import actions
from tsunagu.app.people.models import Role, Team
from tsunagu.app.people.permissions import (
    has_permission,
    visible_customers,
    visible_deals,
    visible_users,
)

SEEN = {
    "representative": {"own", "shared"},
    "colleague": {"shared", "unshared"},
    "manager": {"own", "shared", "unshared"},
    "head": {"own", "shared", "unshared", "foreign"},
    "operations": {"own", "shared", "unshared", "foreign"},
    "administrator": {"own", "shared", "unshared", "foreign"},
    "stranger": {"foreign"},
}
DEALS = ("own", "shared", "unshared", "foreign")


@pytest.mark.parametrize("who", SEEN)
def test_each_sees_the_deals_of_the_role(organisation: Organisation, who: str) -> None:
    seen = set(visible_deals(getattr(organisation, who)))

    assert seen == {getattr(organisation, name) for name in SEEN[who]}


@pytest.mark.parametrize("who", SEEN)
def test_customers_follow_the_deals(organisation: Organisation, who: str) -> None:
    nobodys = make_customer()

    seen = set(visible_customers(getattr(organisation, who)))

    assert seen == {nobodys, *(getattr(organisation, name).customer for name in SEEN[who])}


def test_who_was_switched_off_sees_nothing(organisation: Organisation) -> None:
    organisation.administrator.is_active = False
    organisation.representative.is_active = False

    assert not visible_deals(organisation.administrator).exists()
    assert not visible_deals(organisation.representative).exists()


def test_a_manager_without_a_team_sees_only_own_deals(organisation: Organisation) -> None:
    loner = make_user(Role.MANAGER)
    own = make_deal(loner)

    assert set(visible_deals(loner)) == {own}


def test_shared_deals_without_a_team_are_not_shared_with_the_teamless(
    organisation: Organisation,
) -> None:
    make_deal(make_user(), shared=True)

    assert not visible_deals(make_user()).exists()


def test_a_moved_team_takes_its_subtree_along(organisation: Organisation) -> None:
    kyoto = make_team("京都", organisation.south)
    deal = make_deal(make_user(team=kyoto))
    assert not visible_deals(organisation.manager).filter(pk=deal.pk).exists()

    actions.move_team(organisation.administrator, organisation.south, organisation.north)

    organisation.manager.refresh_from_db()
    assert visible_deals(organisation.manager).filter(pk=deal.pk).exists()
    assert Team.objects.subtree(Team.objects.get(name="北支店")).count() == 3


def test_teams_whose_ids_begin_alike_are_not_mixed_up(db: None) -> None:
    one = Team.objects.create(name="一", path="/1/")
    Team.objects.create(name="十", path="/10/")

    assert list(Team.objects.subtree(one)) == [one]


def test_people_see_their_own_team(organisation: Organisation) -> None:
    assert set(visible_users(organisation.representative)) == {
        organisation.representative,
        organisation.colleague,
        organisation.manager,
    }
    assert organisation.stranger in visible_users(organisation.head)
    assert set(visible_users(lonely := make_user())) == {lonely}


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("deals.configure", {"operations", "administrator"}),
        ("people.lead", {"manager", "head", "operations", "administrator"}),
        ("people.manage", {"administrator"}),
    ],
)
def test_powers_of_the_roles(
    organisation: Organisation, permission: str, allowed: set[str]
) -> None:
    able = {who for who in SEEN if has_permission(getattr(organisation, who), permission)}

    assert able == allowed
