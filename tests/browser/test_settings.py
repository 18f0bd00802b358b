"""Settings in a real browser: at the desk with a mouse, and on a telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.app.factories import Organisation
from tests.browser.conftest import DESK

from tsunagu.app.deals.models import Stage

Enter = Callable[..., Any]


def stages(organisation: Organisation) -> list[str]:
    return list(
        Stage.objects.filter(process=organisation.own.process).values_list("name", flat=True)
    )


def test_a_stage_is_dragged_by_its_handle(enter: Enter, organisation: Organisation) -> None:
    page = enter(organisation.operations, DESK)
    page.wait_for_url("**/today/")
    page.goto(f"/settings/processes/{organisation.own.process_id}/")
    handles = page.locator(".handle")
    first, last = handles.nth(0).bounding_box(), handles.nth(2).bounding_box()

    page.mouse.move(first["x"] + 5, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(first["x"] + 5, first["y"] + 40, steps=5)
    for step in range(100):
        page.mouse.move(last["x"] + 5, last["y"] + 20 + step % 10)
        if page.locator("[data-id]").last.filter(has_text="発掘").count():
            break
        page.wait_for_timeout(50)  # rows give way in their own time, as they do under a hand
    with page.expect_navigation():
        page.mouse.up()

    assert stages(organisation) == ["提案", "交渉", "発掘"]


def test_a_stage_is_moved_with_the_keyboard(enter: Enter, organisation: Organisation) -> None:
    page = enter(organisation.operations, DESK)
    page.wait_for_url("**/today/")
    page.goto(f"/settings/processes/{organisation.own.process_id}/")

    page.get_by_role("button", name="発掘：下へ").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert stages(organisation) == ["提案", "発掘", "交渉"]


def test_somebody_leaves_and_the_deals_go_on(enter: Enter, organisation: Organisation) -> None:
    who = organisation.colleague
    page = enter(organisation.administrator)
    page.wait_for_url("**/today/")
    page.goto("/settings/people/")
    page.get_by_role("link", name=who.name, exact=True).tap()
    page.get_by_role("link", name="停止する").tap()

    page.get_by_role("button", name="引き継いで停止する").tap()
    page.get_by_text("進行中の案件を引き継ぐ人を選んでください。").wait_for()
    page.select_option("[name=heir]", label=organisation.representative.name)
    page.get_by_role("button", name="引き継いで停止する").tap()
    page.get_by_text("進行中の案件2件を引き継ぎました。").wait_for()

    organisation.unshared.refresh_from_db()
    assert organisation.unshared.owner == organisation.representative


def test_what_is_held_is_counted_and_downloaded(enter: Enter, organisation: Organisation) -> None:
    page = enter(organisation.administrator)
    page.wait_for_url("**/today/")

    page.goto(f"/settings/privacy/user/{organisation.colleague.pk}/")

    page.get_by_text("本人の登録").wait_for()
    with page.expect_download() as found:
        page.get_by_role("button", name="すべてダウンロード").tap()
    assert found.value.suggested_filename == f"tsunagu-user-{organisation.colleague.pk}.zip"
