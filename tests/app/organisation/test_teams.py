"""The tree of teams in the browser."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_team, make_user

from tsunagu.app.people.models import AuditEntry, Role, Team
from tsunagu.app.people.permissions import teams_led


@pytest.fixture
def admin(organisation: Organisation) -> Client:
    return browser(organisation.administrator)


def test_a_team_is_added_below_another(organisation: Organisation, admin: Client) -> None:
    admin.post("/settings/teams/", {"name": "北一課", "parent": organisation.north.pk})

    assert Team.objects.get(name="北一課") in teams_led(organisation.manager)


def test_a_team_is_renamed_and_moved_with_those_below(
    organisation: Organisation, admin: Client
) -> None:
    below = make_team("南一課", organisation.south)

    admin.post(
        f"/settings/teams/{organisation.south.pk}/",
        {"name": "南部", "parent": organisation.north.pk},
    )

    assert Team.objects.get(pk=organisation.south.pk).name == "南部"
    assert below in teams_led(organisation.manager)
    assert AuditEntry.objects.filter(action="rename_team").exists()


def test_a_team_is_not_offered_to_stand_below_itself(
    organisation: Organisation, admin: Client
) -> None:
    below = make_team("北一課", organisation.north)

    answer = admin.post(
        f"/settings/teams/{organisation.north.pk}/", {"name": "北支店", "parent": below.pk}
    )

    assert answer.status_code == 422
    assert not below.path or Team.objects.get(pk=organisation.north.pk).parent_id != below.pk


def test_only_an_empty_team_is_removed(organisation: Organisation, admin: Client) -> None:
    empty = make_team("空の課", organisation.north)

    admin.post(f"/settings/teams/{empty.pk}/remove/")
    page = admin.post(f"/settings/teams/{organisation.north.pk}/remove/", follow=True)

    assert not Team.objects.filter(pk=empty.pk).exists()
    assert Team.objects.filter(pk=organisation.north.pk).exists()
    assert "残っています" in page.content.decode()
    assert AuditEntry.objects.filter(action="remove_team").count() == 1


def test_the_first_team_is_asked_for(db: None) -> None:
    page = browser(make_user(Role.ADMINISTRATOR)).get("/settings/teams/").content.decode()

    assert "チームはまだありません" in page


def test_the_number_of_queries_does_not_grow_with_the_teams(
    organisation: Organisation, admin: Client
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            admin.get("/settings/teams/")
        return len(seen)

    few = count()
    for number in range(30):
        make_user(team=make_team(f"{number}課", organisation.north))

    assert count() == few
    assert few <= 6
