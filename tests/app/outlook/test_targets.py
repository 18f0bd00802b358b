"""Targets: who sets them for whom, and what happens to what was typed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_user

from tsunagu.app.outlook.actions import set_targets
from tsunagu.app.outlook.models import Target
from tsunagu.app.outlook.queries import PAGE_SIZE
from tsunagu.app.people.models import AuditEntry, User

MONTH = date(2027, 3, 1)
PAGE = "/settings/targets/"
HERE = f"{PAGE}?month=2027-03"


def targets() -> dict[int, Decimal]:
    return dict(Target.objects.filter(month=MONTH).values_list("user_id", "amount"))


def send(user: User, said: dict[User, str], *, first: str = "") -> Any:
    data = {f"amount-{person.pk}": amount for person, amount in said.items()}
    data |= {f"initial-amount-{person.pk}": first for person in said}
    return browser(user).post(HERE, data)


def test_a_manager_sets_the_targets_of_the_own_subtree_in_one_save(
    organisation: Organisation,
) -> None:
    one, other = organisation.representative, organisation.colleague

    answer = send(organisation.manager, {one: "5000000", other: "3000000"})

    assert answer.status_code == 302
    assert targets() == {one.pk: 5_000_000, other.pk: 3_000_000}
    page = browser(organisation.manager).get(HERE).content.decode()
    assert "800万円" in page  # both together
    assert organisation.stranger.name not in page


@pytest.mark.parametrize("who", ["manager", "representative", "colleague"])
def test_nobody_sets_targets_of_people_they_do_not_lead(
    organisation: Organisation, who: str
) -> None:
    with pytest.raises(PermissionDenied):
        set_targets(getattr(organisation, who), MONTH, {organisation.stranger.pk: Decimal(1)})

    assert targets() == {}


@pytest.mark.parametrize("who", ["head", "operations", "administrator"])
def test_those_above_set_everybodys(organisation: Organisation, who: str) -> None:
    set_targets(getattr(organisation, who), MONTH, {organisation.stranger.pk: Decimal(7)})

    assert targets() == {organisation.stranger.pk: 7}


def test_a_forged_name_in_the_form_changes_nobody_elses_target(organisation: Organisation) -> None:
    send(organisation.manager, {organisation.stranger: "9"})

    assert targets() == {}


def test_each_change_is_audited_and_what_stays_is_not(organisation: Organisation) -> None:
    one, other = organisation.representative, organisation.colleague
    set_targets(organisation.manager, MONTH, {one.pk: Decimal(5), other.pk: Decimal(3)})

    count = set_targets(organisation.manager, MONTH, {one.pk: Decimal(8), other.pk: Decimal(3)})

    assert count == 1
    entry = AuditEntry.objects.filter(action="set_targets").latest("pk")
    assert (entry.actor, entry.object_id) == (organisation.manager, str(one.pk))
    assert entry.before == {"month": "2027-03-01", "amount": "5.00"}
    assert entry.after == {"month": "2027-03-01", "amount": "8"}


def test_an_emptied_amount_takes_the_target_away(organisation: Organisation) -> None:
    set_targets(organisation.manager, MONTH, {organisation.colleague.pk: Decimal(3)})

    send(organisation.manager, {organisation.colleague: ""}, first="3")

    assert targets() == {}


def test_an_amount_that_was_not_touched_does_not_overwrite_a_newer_one(
    organisation: Organisation,
) -> None:
    one = organisation.representative
    set_targets(organisation.head, MONTH, {one.pk: Decimal(9)})

    send(organisation.manager, {one: "3"}, first="3")

    assert targets() == {one.pk: 9}


@pytest.mark.parametrize("typed", ["-1", "たくさん", "1" * 20])
def test_a_wrong_amount_saves_nothing_and_is_marked(organisation: Organisation, typed: str) -> None:
    said = {organisation.representative: "5", organisation.colleague: typed}

    answer = send(organisation.manager, said)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "まだ保存されていません" in page
    assert f'value="{typed}"' in page
    assert targets() == {}


def test_the_action_itself_refuses_a_negative_target(organisation: Organisation) -> None:
    with pytest.raises(ValidationError):
        set_targets(organisation.manager, MONTH, {organisation.colleague.pk: Decimal(-1)})


def test_any_other_month_or_team_asks_for_this_month_and_everybody(
    organisation: Organisation,
) -> None:
    answer = browser(organisation.manager).get(f"{PAGE}?month=<x>&team=<x>&page=<x>")

    assert answer.status_code == 200
    assert organisation.colleague.name in answer.content.decode()


def test_the_page_narrows_to_a_team(organisation: Organisation) -> None:
    page = browser(organisation.operations).get(f"{HERE}&team={organisation.south.pk}")

    assert organisation.stranger.name in page.content.decode()
    assert organisation.colleague.name not in page.content.decode()


def test_settings_and_team_lead_to_it_and_only_those_who_may(organisation: Organisation) -> None:
    for place in ("/settings/", "/team/"):
        assert f'href="{PAGE}"' in browser(organisation.manager).get(place).content.decode()
    assert PAGE not in browser(organisation.representative).get("/settings/").content.decode()


def test_many_people_come_in_pages_with_the_same_queries(organisation: Organisation) -> None:
    client = browser(organisation.manager)
    counts = []
    for _again in range(2):
        with CaptureQueriesContext(connection) as seen:
            page = client.get(HERE)
        counts.append(len(seen))
        for _one in range(PAGE_SIZE):
            make_user(team=organisation.north)

    assert len(page.context["form"].people) == PAGE_SIZE
    assert counts[0] == counts[1] <= 9
