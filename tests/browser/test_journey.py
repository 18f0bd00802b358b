"""A sale is cut off, is answered step by step, goes on, and the next case knows what was learnt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.app.factories import Organisation, make_deal
from tests.browser.test_case import answer_as_customer, detect, grow_silent
from tests.browser.test_morning import fits

from tsunagu.app.customers.models import Contact
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State
from tsunagu.app.playbooks.models import Run

LESSON = "返事がないときは、先方の事情を伺う質問を一つだけ送る"


def test_from_silence_to_the_lesson_on_the_next_case(
    organisation: Organisation, enter: Callable[..., Any], chromium: Any, live_server: Any
) -> None:
    deal = organisation.own
    Contact.objects.create(customer=deal.customer, external_id="K1", name="鈴木一郎")
    grow_silent(deal)
    detect(deal)
    case = Interruption.objects.get(deal=deal)
    page = enter(organisation.representative)
    page.goto(f"/interruptions/{case.pk}/")

    confirm(page)
    ask_and_hear(page, chromium, live_server.url)
    begin_playbook(page)
    assert Run.objects.get(case=case).tasks.exists()
    pass_the_gates(page)
    case.refresh_from_db()
    assert case.state == State.RESUMED
    page.locator(".watched", has_text="60日間の見守り中").wait_for()
    review(page)

    another = make_deal(organisation.representative)
    page.goto(f"/interruptions/deal/{another.pk}/open/")
    page.get_by_role("button", name="関心の低下").first.tap()
    page.wait_for_url("**/interruptions/**")
    page.wait_for_load_state("networkidle")
    page.goto(f"/interruptions/{Interruption.objects.get(deal=another).pk}/")
    page.get_by_role("link", name=LESSON).wait_for()
    assert fits(page)


def sheet(page: Any) -> Any:
    return page.locator("#sheet")


def confirm(page: Any) -> None:
    page.locator(".next-step .btn-primary").tap()
    sheet(page).get_by_role("button", name="関心の低下").first.tap()
    page.locator(".state", has_text="確定").wait_for()


def ask_and_hear(page: Any, chromium: Any, address: str) -> None:
    page.get_by_role("link", name="お客様に聞く").tap()
    sheet(page).get_by_label("宛先").select_option(label="鈴木一郎")
    sheet(page).get_by_role("button", name="リンクを作成").tap()
    link = page.get_by_label("フォームのリンク").input_value()
    answer_as_customer(chromium, address + urlsplit(link).path, needs="導入を半分ずつ進めたい")
    page.reload()
    page.locator(".answer").get_by_text("導入を半分ずつ進めたい").wait_for()


def begin_playbook(page: Any) -> None:
    page.locator(".response .plays").get_by_role("link", name="始める").first.tap()
    sheet(page).locator("button.btn-primary").tap()
    page.locator(".response .task.now").wait_for()
    page.locator(".state", has_text="対応中").wait_for()


def pass_the_gates(page: Any) -> None:
    log(page, "電話", "話せた")
    record(page, "説明を記録", "経緯をお話しし、ご事情を伺った")
    log(page, "電話", "話せた")
    record(page, "ニーズを記録", "導入を半分ずつ進めたい")
    log(page, "見積もり", "送付した")
    log(page, "電話", "話せた")
    plan_next(page)
    page.get_by_role("link", name="案件の再開を記録").first.tap()
    sheet(page).locator("button.btn-primary").tap()
    page.locator(".state-resumed").wait_for()


def log(page: Any, kind: str, result: str) -> None:
    page.locator("#case").get_by_role("link", name="活動を記録").first.tap()
    sheet(page).get_by_role("group", name=kind).get_by_role("button", name=result).tap()
    page.wait_for_timeout(300)
    if sheet(page).is_visible():
        page.keyboard.press("Escape")


def record(page: Any, name: str, text: str) -> None:
    page.locator("#case").get_by_role("link", name=name).first.tap()
    sheet(page).locator("[name=text]").fill(text)
    sheet(page).locator("button.btn-primary").tap()
    page.locator(".gates").get_by_text(text).wait_for()


def plan_next(page: Any) -> None:
    page.locator("#case").get_by_role("link", name="次の予定").first.tap()
    sheet(page).get_by_role("button", name="明日").tap()


def review(page: Any) -> None:
    page.get_by_role("link", name="振り返りを開く").tap()
    page.get_by_role("link", name="原因を確認").tap()
    sheet(page).locator("button.btn-primary").tap()
    page.get_by_role("link", name="教訓を追加").first.tap()
    sheet(page).locator("[name=text]").fill(LESSON)
    sheet(page).locator("button.btn-primary").tap()
    page.get_by_role("link", name="振り返りを完了").tap()
    sheet(page).locator("button.btn-primary").tap()
    page.locator(".state", has_text="完了").wait_for()
