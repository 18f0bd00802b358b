"""An import can be taken back; nobody's own work goes with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.app.exchange.files import DEALS, HEADER, csv_of, imported

from tsunagu.app.customers.models import Customer
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Deal, Event, Stage
from tsunagu.app.exchange import actions
from tsunagu.app.exchange.models import SourceRow, State
from tsunagu.app.people.models import User

ACTIVITIES = ("A-1,2026-04-10,電話", "A-1,2026-04-11,訪問")


def rows() -> dict[str, list[Any]]:
    models = (Deal, Event, Customer, Stage, User, SourceRow)
    return {m.__name__: list(m.objects.order_by("pk").values()) for m in models}


def test_a_first_import_leaves_nothing_behind(user: User) -> None:
    before = rows()
    source = imported(user, csv_of(HEADER, DEALS))

    actions.request_undo(user, source)

    assert source.state == State.UNDONE
    assert rows() == before


def test_a_later_import_leaves_what_was_there(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))
    before = rows()
    changed = DEALS[0].replace("提案", "交渉").replace("基幹システム更新", "別の題")
    source = imported(
        user, csv_of(HEADER, [changed.replace("佐藤 花子", "田中 次郎"), "A-4" + DEALS[0][3:]])
    )

    actions.request_undo(user, source)

    after = rows()
    for row in (*before["Deal"], *after["Deal"]):
        row.pop("changed_at")
    assert after == before


def test_undone_activities_go_and_can_come_again(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))
    content = csv_of("商談番号,活動日,種別", ACTIVITIES)
    source = imported(user, content, "activities")

    actions.request_undo(user, source)

    deal = Deal.objects.get(external_id="A-1")
    assert deal.last_activity_at is None
    assert imported(user, content, "activities").written["new"] == 2


def test_a_deal_that_was_worked_on_since_stays(user: User) -> None:
    source = imported(user, csv_of(HEADER, DEALS))
    deal = Deal.objects.get(external_id="A-1")
    deal_actions.change_amount(user, deal, Decimal(5))

    actions.request_undo(user, source)

    assert list(Deal.objects.values_list("external_id", flat=True)) == ["A-1"]
    assert source.written["kept_deals"] == 1
    deal.refresh_from_db()
    assert deal.amount == Decimal(5)


def test_a_title_that_was_corrected_since_stays(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))
    source = imported(user, csv_of(HEADER, [DEALS[0].replace("基幹システム更新", "別の題")]))
    deal = Deal.objects.get(external_id="A-1")
    deal_actions.edit_deal(user, deal, title="人が直した", shared=False)

    actions.request_undo(user, source)

    deal.refresh_from_db()
    assert deal.title == "人が直した"


def test_customers_come_in_change_and_go(user: User) -> None:
    header = "顧客番号,会社名,業種"
    imported(user, csv_of(header, ["1,青葉商事,卸売", "2,みどり物流,運輸"]), "customers")
    before = rows()
    content = csv_of(header, ["1,青葉商事,小売", "3,海山商店,小売"])
    source = imported(user, content, "customers")
    assert source.written == {"new": 1, "changed": 1, "unchanged": 0, "rejected": 0}
    assert imported(user, content, "customers").written["unchanged"] == 2

    actions.request_undo(user, source)

    assert rows() == before
