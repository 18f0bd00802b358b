"""Tsunagu without an import: a customer, a contact and a deal are entered by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.app.factories import Organisation, make_customer
from tests.browser.conftest import DESK, TELEPHONE

from tsunagu.app.deals.models import Deal, Kind


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("size", [TELEPHONE, DESK], ids=["telephone", "desk"])
def test_from_a_new_customer_to_the_first_call(
    organisation: Organisation, enter: Callable[..., Any], size: dict[str, int]
) -> None:
    page = enter(organisation.representative, size)
    page.goto("/customers/")
    page.get_by_role("link", name="顧客を登録").click()
    page.get_by_label("会社名").fill("株式会社北海精機")
    page.get_by_label("業種").fill("製造業")
    page.get_by_role("button", name="追加").click()

    page.get_by_role("link", name="先方担当者を追加").click()
    page.get_by_label("名前").fill("山田太郎")
    page.get_by_label("電話番号").fill("011-123-4567")
    page.get_by_role("button", name="追加").click()
    assert page.get_by_role("link", name="011-123-4567").get_attribute("href") == "tel:0111234567"
    assert fits(page)

    page.get_by_role("link", name="案件を登録").click()
    assert page.get_by_role("radio", name=re.compile("^株式会社北海精機")).is_checked()
    page.get_by_label("案件名").fill("検査装置の更新")
    page.get_by_label("金額").fill("3000000")
    assert fits(page)
    page.get_by_role("button", name="案件を登録する").dblclick()  # and yet one deal
    page.wait_for_url(re.compile(r"/deals/\d+/$"))

    page.goto("/deals/board/")
    card = page.locator(".card-small", has_text="検査装置の更新")
    assert "300万円" in card.inner_text()
    card.get_by_role("link", name="検査装置の更新", exact=True).click()
    page.locator("[data-drawn=yes] canvas").wait_for()
    page.get_by_role("link", name="活動を記録").click()
    page.get_by_role("group", name="電話").get_by_role("button", name="話せた").click()
    page.locator(".history").get_by_text("話せた").wait_for(state="attached")

    deal = Deal.objects.get(title="検査装置の更新")
    assert deal.customer.name == "株式会社北海精機"
    assert deal.events.filter(kind=Kind.CALL, direction="both").count() == 1


def test_while_a_name_is_written_customers_are_offered(
    organisation: Organisation, enter: Callable[..., Any]
) -> None:
    customer = make_customer("東都精密株式会社")
    page = enter(organisation.representative)
    page.goto("/deals/new/")
    page.get_by_label("案件名").fill("検査装置")

    page.get_by_label("顧客", exact=True).press_sequentially("㈱東都精密")
    choice = page.get_by_role("radio", name="東都精密株式会社")
    choice.wait_for()
    assert choice.is_checked()
    page.get_by_text("同じ名前の別の顧客").wait_for()
    page.get_by_role("button", name="案件を登録する").tap()

    page.wait_for_url(re.compile(r"/deals/\d+/$"))
    assert Deal.objects.get(title="検査装置").customer == customer
