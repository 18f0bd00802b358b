"""What administrators do to people and teams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from tests.app.factories import Organisation, make_team

from tsunagu.app.people import actions, audit
from tsunagu.app.people.models import AuditEntry, Role, User

ACTS: dict[str, Callable[[User, Organisation], Any]] = {
    "create_user": lambda u, _: actions.create_user(u, name="新人", email="n@example.jp"),
    "change_role": lambda u, o: actions.change_role(u, o.colleague, Role.MANAGER),
    "deactivate_user": lambda u, o: actions.deactivate_user(u, o.colleague),
    "change_team": lambda u, o: actions.change_team(u, o.colleague, o.south),
    "create_team": lambda u, o: actions.create_team(u, name="新チーム", parent=o.north),
    "move_team": lambda u, o: actions.move_team(u, o.south, o.north),
}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_administrators_may_and_the_audit_trail_says_so(
    organisation: Organisation, name: str
) -> None:
    ACTS[name](organisation.administrator, organisation)

    assert AuditEntry.objects.get(action=name, actor=organisation.administrator)


@pytest.mark.parametrize("who", ["representative", "manager", "head", "operations"])
@pytest.mark.parametrize("name", sorted(ACTS))
def test_others_may_not(organisation: Organisation, name: str, who: str) -> None:
    entries = AuditEntry.objects.count()

    with pytest.raises(PermissionDenied):
        ACTS[name](getattr(organisation, who), organisation)

    assert AuditEntry.objects.count() == entries


def test_the_last_administrator_stays(organisation: Organisation) -> None:
    with pytest.raises(ValidationError):
        actions.change_role(organisation.administrator, organisation.administrator, Role.MANAGER)
    with pytest.raises(ValidationError):
        actions.deactivate_user(organisation.administrator, organisation.administrator)

    organisation.administrator.refresh_from_db()
    assert organisation.administrator.role == Role.ADMINISTRATOR
    assert organisation.administrator.is_active


def test_a_team_does_not_go_below_itself(organisation: Organisation) -> None:
    below = make_team("北一課", organisation.north)

    with pytest.raises(ValidationError):
        actions.move_team(organisation.administrator, organisation.north, below)


def test_an_address_belongs_to_one_person_in_any_case_of_letters(
    organisation: Organisation,
) -> None:
    actions.create_user(None, name="甲", email="Ko@Example.jp")

    with pytest.raises(ValidationError):
        actions.create_user(None, name="乙", email="ko@example.JP")


def test_the_audit_trail_holds_no_secret(organisation: Organisation) -> None:
    audit.record(None, "test", organisation.north, after={"password": "geheim", "name": "北"})

    assert AuditEntry.objects.get(action="test").after == {"name": "北"}
