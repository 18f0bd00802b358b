"""On a case: the month against the targets, with the deal and without."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal
from tests.app.scores import make_score

from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Deal, Outcome
from tsunagu.app.interruptions import folding
from tsunagu.app.outlook.actions import set_targets
from tsunagu.app.outlook.against import Side, outlook
from tsunagu.app.outlook.months import moved, read, this_month
from tsunagu.app.people.models import User

NEXT = moved(this_month(), 1)


def due(owner: User, amount: int, risk: float, month: date = NEXT, **fields: object) -> Deal:
    """A running deal that is to close in ``month``."""
    close = max(month, timezone.localdate())
    deal = make_deal(owner, amount=Decimal(amount), close_date=close, **fields)
    make_score(deal, risk)
    return deal


def owners(user: User, deal: Deal) -> Side:
    return outlook(user, deal).sides[0]


def test_the_gap_is_told_with_the_deal_and_without(organisation: Organisation) -> None:
    user = organisation.representative
    deal = due(user, 1_000_000, 0.5)
    due(user, 2_000_000, 0.1)
    due(user, 9_000_000, 0.1, moved(NEXT, 1))  # another month
    set_targets(organisation.manager, NEXT, {user.pk: Decimal(3_000_000)})

    found = outlook(user, deal)

    [side] = found.sides  # the team's deals are not for a representative to see
    assert found.month == NEXT
    assert (side.target, side.won) == (3_000_000, 0)
    assert side.expected == pytest.approx(2_300_000)
    assert side.without == pytest.approx(1_800_000)
    assert side.gaps == [(True, pytest.approx(700_000)), (True, pytest.approx(1_200_000))]


def test_what_is_won_in_the_month_counts_whole(organisation: Organisation) -> None:
    user = organisation.representative
    won = make_deal(user, amount=Decimal(500_000))
    actions.close_deal(user, won, Outcome.WON)
    deal = due(user, 1_000_000, 0.5, this_month())
    set_targets(organisation.manager, this_month(), {user.pk: Decimal(600_000)})

    side = owners(user, deal)

    assert (side.won, side.expected) == (500_000, 1_000_000)
    assert side.gaps == [(False, 400_000), (True, 100_000)]


def test_a_manager_sees_the_team_with_the_sum_of_its_targets(organisation: Organisation) -> None:
    deal = due(organisation.representative, 1_000_000, 0.0)
    due(organisation.colleague, 2_000_000, 0.0)
    due(organisation.stranger, 4_000_000, 0.0)
    people = organisation.representative, organisation.colleague
    set_targets(organisation.head, NEXT, {person.pk: Decimal(2_000_000) for person in people})

    owner, team = outlook(organisation.manager, deal).sides

    assert (owner.name, owner.target, owner.expected) == (
        organisation.representative.name,
        2_000_000,
        1_000_000,
    )
    assert (team.name, team.target, team.expected) == ("北支店", 4_000_000, 3_000_000)
    assert (team.counted, team.people) == (2, 3)
    assert team.without == 2_000_000


def test_the_risk_reaches_to_the_end_of_the_month(organisation: Organisation) -> None:
    deal = due(organisation.representative, 100, 0.0, moved(this_month(), 8))
    make_score(deal, 0.0, risk_90=0.4)

    assert owners(organisation.representative, deal).expected == pytest.approx(60)


@pytest.mark.parametrize("close", [None, timezone.localdate() - timedelta(days=400), date.max])
def test_a_deal_that_is_not_due_has_no_part_in_this_month(
    organisation: Organisation, close: date | None
) -> None:
    user = organisation.representative
    deal = make_deal(user, amount=Decimal(100), close_date=close)
    make_score(deal, 0.0)
    set_targets(organisation.manager, this_month(), {user.pk: Decimal(100)})

    page = browser(user).get(f"/interruptions/{folding.begin(deal).pk}/").content.decode()

    found = outlook(user, deal)
    assert (found.month, found.counts) == (this_month(), False)
    assert found.sides[0].expected == found.sides[0].without == 0
    assert "含まれていません" in page


def test_a_won_deal_has_its_part_in_the_month_in_which_it_ended(organisation: Organisation) -> None:
    user = organisation.representative
    deal = due(user, 100, 0.3)
    actions.close_deal(user, deal, Outcome.WON)
    deal.refresh_from_db()

    found = outlook(user, deal)

    assert found.month == this_month()
    assert (found.sides[0].won, found.sides[0].without) == (100, 0)


def test_who_shares_the_deal_does_not_see_the_owners_target(organisation: Organisation) -> None:
    deal = due(organisation.colleague, 100, 0.0, shared=True)
    set_targets(organisation.manager, NEXT, {organisation.colleague.pk: Decimal(123_450_000)})

    case = folding.begin(deal)
    page = browser(organisation.representative).get(f"/interruptions/{case.pk}/").content.decode()

    assert outlook(organisation.representative, deal).sides == []
    assert "1.2億円" not in page
    assert "担当者本人と" in page


def test_without_a_target_those_who_may_set_one_are_led_there(organisation: Organisation) -> None:
    deal = due(organisation.representative, 100, 0.0)
    case = folding.begin(deal)

    def read_by(user: User) -> str:
        return browser(user).get(f"/interruptions/{case.pk}/").content.decode()

    link = f"/settings/targets/?month={NEXT:%Y-%m}&amp;team={organisation.north.pk}"
    assert link in read_by(organisation.manager)
    assert "目標は設定されていません" in read_by(organisation.representative)
    assert link not in read_by(organisation.representative)


def test_the_queries_do_not_grow(organisation: Organisation) -> None:
    deal = due(organisation.representative, 100, 0.0)
    assert deal.owner.team
    assert organisation.manager.team
    assert organisation.manager.team.subtree  # a page knows all of them already
    counts = []
    for _again in range(2):
        with CaptureQueriesContext(connection) as seen:
            outlook(organisation.manager, deal)
        counts.append(len(seen))
        for _one in range(20):
            due(organisation.colleague, 100, 0.0)

    assert counts[0] == counts[1] == 2


def test_months_are_read_and_moved_over_the_turn_of_the_year() -> None:
    assert moved(date(2026, 12, 1), 1) == date(2027, 1, 1)
    assert moved(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert read("2027-03") == date(2027, 3, 1)
    assert read("2027-13") == read("") == this_month()
