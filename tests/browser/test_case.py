"""An interruption from silence to the customer's own answer, on the telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from tests.app.factories import Organisation
from tests.browser.conftest import TELEPHONE
from tests.browser.test_morning import fits

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals import fold
from tsunagu.app.deals.models import Deal, Direction, Event, Kind
from tsunagu.app.interruptions import gathering, watching
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State


def grow_silent(deal: Deal) -> None:
    """Two-way calls every five days, until five weeks ago."""
    now = timezone.now()
    Event.objects.bulk_create(
        Event(deal=deal, kind=Kind.CALL, direction=Direction.BOTH, at=now - timedelta(days=days))
        for days in range(35, 95, 5)
    )
    fold.rebuild([deal])


def detect(deal: Deal) -> None:
    watching.due_now([deal.pk])
    gathering.look_at_waiting()


def test_silence_is_suspected_confirmed_and_explained_by_the_customer(
    organisation: Organisation, enter: Callable[..., Any], chromium: Any, live_server: Any
) -> None:
    deal = organisation.own
    Contact.objects.create(customer=deal.customer, external_id="K1", name="鈴木一郎")
    grow_silent(deal)
    detect(deal)
    case = Interruption.objects.get(deal=deal)
    assert case.state == State.SUSPECTED

    page = enter(organisation.representative)
    page.goto(f"/interruptions/{case.pk}/")
    assert fits(page)
    silence = page.locator(".evidence > li", has_text="お客様からの連絡が")
    silence.locator("summary").tap()
    silence.get_by_text("通常の間隔（営業日）").wait_for()
    page.locator("[data-drawn=yes] canvas").wait_for()

    page.locator(".next-step .btn-primary").tap()
    page.locator("#sheet").get_by_role("button", name="関心の低下").first.tap()
    page.locator(".state", has_text="確定").wait_for()
    page.locator(".causes", has_text="主な原因").get_by_text("関心の低下").wait_for()

    page.get_by_role("link", name="お客様に聞く").tap()
    page.locator("#sheet").get_by_label("宛先").select_option(label="鈴木一郎")
    page.get_by_role("button", name="リンクを作成").tap()
    link = page.get_by_label("フォームのリンク").input_value()

    answer_as_customer(chromium, live_server.url + urlsplit(link).path)

    page.reload()
    answer = page.locator(".answer")
    answer.get_by_text("予算を見直している").wait_for()
    assert "来期までお待ちください" in answer.inner_text()
    assert "お客様から回答がありました" in page.locator(".next-step").inner_text()
    assert fits(page)
    page.goto("/today/")
    page.locator(".answered").get_by_role("link").tap()
    page.wait_for_url(f"**/interruptions/{case.pk}/")

    detect(deal)
    assert case.signals.get(kind="silence").gone_at is not None


def answer_as_customer(chromium: Any, address: str, needs: str = "") -> None:
    """In another browser, without a log-in."""
    context = chromium.new_context(
        viewport=TELEPHONE, has_touch=True, is_mobile=True, locale="ja-JP"
    )
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    assert fits(page)
    page.get_by_label("予算を見直している").check()
    page.get_by_label("詳しい状況（任意）").fill("来期までお待ちください")
    page.locator("[name=needs]").fill(needs)
    page.get_by_label("メール").check()
    page.get_by_role("button", name="回答を送信する").tap()
    page.get_by_role("heading", name="ご回答ありがとうございました").wait_for()
    page.goto(address)
    page.get_by_role("heading", name="すでに回答をいただいています").wait_for()
    context.close()
    assert complaints == []
