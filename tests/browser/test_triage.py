"""The inbox of suspicions by keyboard at the desk and by thumb on the telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.app.factories import Organisation, make_deal
from tests.app.interruptions.signs import suspected
from tests.browser.conftest import DESK
from tests.browser.test_morning import fits

from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State


def test_suspicions_are_decided_by_keyboard(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    first = suspected(organisation.own)
    second = suspected(make_deal(organisation.representative))
    page = enter(organisation.representative, DESK)
    page.get_by_role("link", name="中途").first.click()
    page.locator(".side .counter-number", has_text="2").wait_for()
    assert fits(page)

    page.keyboard.press("j")
    page.keyboard.press("c")
    page.get_by_role("button", name="予算の見直し").click()
    page.get_by_text("中途と確定しました").wait_for()
    page.locator(f"#case-{second.pk}").wait_for(state="detached")

    page.keyboard.press("d")
    page.get_by_role("button", name="お客様と待つことで合意済み").click()
    page.get_by_text("中途の疑いはありません").wait_for()
    page.locator(".side .counter-number").wait_for(state="detached")

    second.refresh_from_db()
    first.refresh_from_db()
    assert (second.state, second.main_cause) == (State.CONFIRMED, Cause.BUDGET)
    assert first.state == State.DISMISSED


def test_an_interruption_is_registered_in_two_taps_from_the_deal(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    page = enter(organisation.representative)
    page.goto(f"/deals/{organisation.own.pk}/")
    page.get_by_role("link", name="中途として登録").tap()
    assert fits(page)
    page.get_by_role("button", name="関心の低下").tap()

    page.locator(".case-stands").get_by_text("関心の低下").wait_for()
    assert Interruption.objects.get().opened_by == organisation.representative
