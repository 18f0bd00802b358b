"""A morning with Tsunagu: Today on the telephone, the board on the desk, the manager's team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.app.factories import Organisation
from tests.app.scores import make_points, make_score
from tests.browser.conftest import DESK

from tsunagu.app.deals.models import Kind


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_call_is_logged_in_two_taps_and_stands_in_the_timeline(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    deal = organisation.own
    make_score(deal, 0.36)
    make_points(deal, 0.2, 0.3)

    page = enter(organisation.representative)
    page.wait_for_url("**/today/")
    assert fits(page)
    line = page.locator(f"#deal-{deal.pk}")
    assert "36%" in line.inner_text()
    line.get_by_role("link", name="記録").tap()
    page.get_by_role("group", name="電話").get_by_role("button", name="話せた").tap()

    page.get_by_role("button", name="明日").tap()  # one more tap plans what comes next
    page.locator("#sheet").wait_for(state="hidden")
    line.get_by_text("昨日から").wait_for()
    line.get_by_text("次の予定がありません").wait_for(state="detached")
    assert "電話" in line.inner_text()
    assert deal.events.filter(kind=Kind.CALL, direction="both").count() == 1

    line.get_by_role("link", name=deal.title, exact=True).tap()
    page.locator(".history").get_by_text("話せた").wait_for()
    page.locator("[data-drawn=yes] canvas").wait_for()
    assert fits(page)


def test_a_card_is_dragged_to_the_next_stage(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    deal = organisation.own
    stage = deal.process.stages.all()[1]
    page = enter(organisation.representative, DESK)
    page.goto("/deals/board/")

    card = page.locator(".card-small", has_text=deal.title)
    card.drag_to(page.locator(f"[data-stage='{stage.pk}']"))

    page.get_by_text("「提案」に移しました").wait_for()
    moved = page.locator(f"[data-stage='{stage.pk}'] .card-small", has_text=deal.title)
    moved.wait_for()
    deal.refresh_from_db()
    assert deal.stage == stage


def test_a_card_that_may_not_be_moved_goes_back_and_says_why(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    deal = organisation.shared
    stages = list(deal.process.stages.all())
    page = enter(organisation.representative, DESK)
    page.goto("/deals/board/")

    with page.expect_response(f"**/deals/{deal.pk}/drop/") as answer:
        page.locator(".card-small", has_text=deal.title).drag_to(
            page.locator(f"[data-stage='{stages[1].pk}']")
        )

    assert answer.value.status == 403
    page.get_by_text("上長にご相談ください").wait_for()
    page.locator(f"[data-stage='{stages[0].pk}'] .card-small", has_text=deal.title).wait_for()


def test_on_the_telephone_and_by_keyboard_a_card_moves_by_its_menu(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    deal = organisation.own
    page = enter(organisation.representative)
    page.goto("/deals/board/")
    assert fits(page)

    page.get_by_role("link", name=f"段階を変更 – {deal.title}").focus()
    page.keyboard.press("Enter")
    page.locator("#sheet").get_by_role("button", name="交渉").press("Enter")

    page.get_by_text("「交渉」に移しました").wait_for()
    last = deal.process.stages.last()
    page.locator(f"[data-stage='{last.pk}'] .card-small", has_text=deal.title).wait_for()


def test_a_manager_goes_from_the_team_to_a_members_day(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    make_score(organisation.unshared, 0.6)
    page = enter(organisation.manager)
    page.goto("/team/")
    assert fits(page)
    assert organisation.stranger.name not in page.content()

    page.get_by_role("link", name=organisation.colleague.name).tap()

    page.wait_for_url("**/today/?member=*")
    page.get_by_role("link", name=organisation.unshared.title, exact=True).wait_for()
