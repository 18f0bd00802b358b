"""Team: the members' deals in numbers, for those who lead."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_customer, make_deal, make_user
from tests.app.scores import make_score

from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Deal, Kind
from tsunagu.app.people.models import User


def rows(user: User, query: str = "") -> list[Any]:
    return list(browser(user).get(f"/team/?{query}").context["rows"])


def names(user: User, query: str = "") -> list[str]:
    return [row.member.name for row in rows(user, query)]


def test_each_member_has_value_expected_break_offs_and_the_riskiest_deal(
    organisation: Organisation,
) -> None:
    member = make_user(team=organisation.north)
    calm = make_deal(member, amount=Decimal(100))
    risky = make_deal(member, amount=Decimal(50))
    make_score(calm, 0.1)
    make_score(risky, 0.6)

    [row] = [r for r in rows(organisation.manager) if r.member == member]

    assert row.numbers["count"] == 2
    assert row.numbers["total"] == 150
    assert row.numbers["expected"] == pytest.approx(0.7)
    assert row.riskiest == risky


def test_silent_deals_and_overdue_steps_are_counted(organisation: Organisation) -> None:
    member = make_user(team=organisation.north)
    make_deal(member)  # began long ago, nothing happened since
    fresh = make_deal(member)
    actions.log_activity(member, fresh, Kind.CALL, direction="out")
    actions.plan_next_step(member, fresh, timezone.localdate() - timedelta(days=1))

    [row] = [r for r in rows(organisation.manager) if r.member == member]

    assert row.numbers["silent"] == 1
    assert row.numbers["overdue"] == 1


def test_the_totals_are_of_all_members_whatever_page_is_shown(organisation: Organisation) -> None:
    make_score(organisation.own, 0.25)
    make_deal(organisation.stranger, amount=Decimal(300))

    totals = browser(organisation.operations).get("/team/?page=2").context["totals"]

    running = Deal.objects.filter(outcome__isnull=True)
    assert totals["count"] == running.count()
    assert totals["total"] == running.aggregate(total=Sum("amount"))["total"]
    assert totals["expected"] == 0.25


def test_only_the_subtree_is_shown(organisation: Organisation) -> None:
    assert organisation.stranger.name not in names(organisation.manager)
    assert organisation.stranger.name in names(organisation.head)
    assert organisation.stranger.name in names(organisation.operations)


def test_a_members_deal_of_another_team_is_not_counted(organisation: Organisation) -> None:
    member = organisation.stranger
    member.team = organisation.north
    member.save()

    assert member.name not in names(organisation.manager)  # the deal stayed with the south
    assert member.name in browser(organisation.manager).get("/team/").content.decode()


def test_the_database_sorts(organisation: Organisation) -> None:
    rich, poor = make_user(team=organisation.north), make_user(team=organisation.north)
    make_deal(poor, amount=Decimal(1))
    make_deal(rich, amount=Decimal(10_000))

    assert names(organisation.manager, "sort=-amount")[0] == rich.name
    assert names(organisation.manager, "sort=amount")[0] == poor.name
    assert set(names(organisation.manager, "sort=;drop")) == set(names(organisation.manager))


def test_a_member_leads_to_their_today(organisation: Organisation) -> None:
    page = browser(organisation.manager).get("/team/").content.decode()

    assert f"/today/?member={organisation.representative.pk}" in page


def test_representatives_have_no_team_page(organisation: Organisation) -> None:
    client = browser(organisation.representative)

    assert client.get("/team/").status_code == 403
    assert 'href="/team/"' not in client.get("/today/").content.decode()


def test_the_number_of_queries_does_not_grow(organisation: Organisation) -> None:
    def count() -> int:
        client = browser(organisation.manager)
        with CaptureQueriesContext(connection) as seen:
            client.get("/team/")
        return len(seen)

    make_score(organisation.own, 0.2)
    few, customer = count(), make_customer()
    for _ in range(10):
        member = make_user(team=organisation.north)
        for _ in range(30):
            make_score(make_deal(member, customer=customer), 0.2)

    assert count() == few
    assert few <= 10


def test_in_english_and_empty(db: Any) -> None:
    manager = make_user("manager", language="en")

    assert "The team has no running deals." in browser(manager).get("/team/").content.decode()
