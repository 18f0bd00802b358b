"""While a case of interruption is open no screen calls the deal's risk low."""

from __future__ import annotations

import pytest
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal
from tests.app.scores import make_points, make_score

from tsunagu.app.interruptions import actions
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.people.models import Language, User

PLACES = (
    "/deals/{deal}/",
    "/today/",
    "/deals/board/",
    "/deals/board/{stage}/",
    "/customers/{customer}/",
)
HOLDS = ["holds"] * 5


def shown(user: User, organisation: Organisation, place: str) -> str:
    own = organisation.own
    address = place.format(deal=own.pk, stage=own.stage_id, customer=own.customer_id)
    answer = browser(user).get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("place", PLACES)
def test_a_dead_deal_is_called_interrupted_and_not_low(
    organisation: Organisation, place: str
) -> None:
    user = organisation.representative
    make_score(organisation.own, 0.004, verdicts=HOLDS)
    make_points(organisation.own, 0.3)
    before = shown(user, organisation, place)
    assert "risk-low" in before
    assert "中途：確定" not in before

    actions.open_case(user, organisation.own, main=Cause.LOST_INTEREST)

    after = shown(user, organisation, place)
    assert "中途：確定（" in after
    assert "1%" in after
    assert "risk-low" not in after
    assert 'class="trend"' not in after  # where the risk goes is no comfort either
    assert "途切れない案件に近い" not in after


@pytest.mark.parametrize("place", PLACES)
def test_a_high_risk_keeps_its_word_beside_the_case(organisation: Organisation, place: str) -> None:
    user = organisation.representative
    User.objects.filter(pk=user.pk).update(language=Language.EN)
    make_score(organisation.own, 0.3)
    actions.open_case(user, organisation.own, main=Cause.LOST_INTEREST)

    after = shown(User.objects.get(pk=user.pk), organisation, place)

    assert "risk-high" in after
    assert "Interruption: Confirmed since" in after


def test_the_deals_page_says_what_the_number_means(organisation: Organisation) -> None:
    user = organisation.representative
    make_score(organisation.own, 0.004)
    words = "低くても安心という意味ではありません"
    assert words not in shown(user, organisation, "/deals/{deal}/")

    actions.open_case(user, organisation.own, main=Cause.LOST_INTEREST)

    assert words in shown(user, organisation, "/deals/{deal}/")


def test_the_team_hears_it_of_the_riskiest_deal(organisation: Organisation) -> None:
    make_score(organisation.own, 0.02)
    actions.open_case(organisation.representative, organisation.own, main=Cause.LOST_INTEREST)

    page = shown(organisation.manager, organisation, "/team/")

    assert "中途：確定（" in page
    assert "risk-low" not in page


def test_another_deals_case_changes_nothing(organisation: Organisation) -> None:
    user = organisation.representative
    make_score(organisation.own, 0.02)
    actions.open_case(user, make_deal(user), main=Cause.LOST_INTEREST)

    assert "risk-low" in shown(user, organisation, "/deals/{deal}/")
