"""The sheets in which people change a deal."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal, make_user

from tsunagu.app.deals.forms import SHEETS, PlanForm
from tsunagu.app.deals.models import Deal, Kind
from tsunagu.app.people.models import User

HTMX = {"HX-Request": "true"}


def send(user: User, deal: Deal, sheet: str, **data: str) -> Any:
    return browser(user).post(f"/deals/{deal.pk}/{sheet}/", data, headers=HTMX)


@pytest.fixture
def deal(organisation: Organisation) -> Deal:
    return organisation.own


@pytest.fixture
def user(organisation: Organisation) -> User:
    return organisation.representative


def test_an_owner_shares_a_deal_with_the_team_and_takes_it_back(
    organisation: Organisation,
) -> None:
    deal, mate = organisation.unshared, browser(organisation.representative)
    assert mate.get(f"/deals/{deal.pk}/").status_code == 404

    send(organisation.colleague, deal, "edit", title="倉庫の自動化", shared="team")

    page = mate.get(f"/deals/{deal.pk}/").content.decode()
    assert "倉庫の自動化" in page
    assert "チームで共有" in page
    assert send(organisation.representative, deal, "edit", title="x").status_code == 403
    assert send(organisation.stranger, deal, "edit", title="x").status_code == 404
    assert "倉庫の自動化" in mate.get(f"/deals/{deal.pk}/").content.decode()
    send(organisation.colleague, deal, "edit", title="倉庫の自動化", shared="")
    assert mate.get(f"/deals/{deal.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("what", "fact"),
    [
        ("call:talked", (Kind.CALL, "both", None)),
        ("call:no_answer", (Kind.CALL, "out", "no_answer")),
        ("email:they", (Kind.EMAIL, "in", None)),
        ("visit:talked", (Kind.VISIT, "both", None)),
    ],
)
def test_one_button_says_what_was_done_and_how_it_went(
    user: User, deal: Deal, what: str, fact: tuple[str, str, str | None]
) -> None:
    send(user, deal, "log", what=what, once="a")

    event = deal.events.last()
    assert event is not None
    assert (event.kind, event.direction, event.value) == fact


def test_after_the_log_comes_the_plan_and_the_page_hears_of_it(user: User, deal: Deal) -> None:
    answer = send(user, deal, "log", what="call:talked", once="a")

    assert "次の予定を登録" in answer.content.decode()
    assert "記録しました：電話（話せた）" in answer.content.decode()
    heard = json.loads(answer.headers["HX-Trigger"])
    assert heard["deal-changed"] == {"id": deal.pk}
    assert f"deal-changed-{deal.pk}" in heard


def test_where_a_step_is_planned_the_sheet_is_done_after_the_log(user: User, deal: Deal) -> None:
    send(user, deal, "plan", on=(timezone.localdate() + timedelta(days=3)).isoformat())

    answer = send(user, deal, "log", what="email:talked", once="a")

    assert answer.status_code == 204
    assert "sheet-done" in json.loads(answer.headers["HX-Trigger"])


def test_the_same_sheet_sent_twice_logs_once(user: User, deal: Deal) -> None:
    before = deal.events.count()

    send(user, deal, "log", what="call:talked", once="a")
    send(user, deal, "log", what="call:talked", once="a")

    assert deal.events.count() == before + 1


def test_a_past_call_is_logged_at_its_time_with_its_note(user: User, deal: Deal) -> None:
    send(user, deal, "log", what="call:they", once="a", at="2026-05-01T10:00", text="予算の件")

    event = deal.events.get(kind=Kind.CALL)
    assert timezone.localtime(event.at).isoformat() == "2026-05-01T10:00:00+09:00"
    assert event.text == "予算の件"


def test_a_step_is_planned_on_a_usual_day_or_any_other(user: User, deal: Deal) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    send(user, deal, "plan", quick=tomorrow.isoformat())
    deal.refresh_from_db()
    assert deal.next_step_on == tomorrow

    send(user, deal, "plan", on=(tomorrow + timedelta(days=9)).isoformat(), text="デモ")
    deal.refresh_from_db()
    assert deal.next_step_on == tomorrow + timedelta(days=9)


def test_no_usual_day_is_on_a_weekend(user: User, deal: Deal) -> None:
    days = [on for _word, on in PlanForm(user, deal).usual_days]

    assert all(on.weekday() < 5 for on in days)
    assert all(on > timezone.localdate() for on in days)


@pytest.mark.parametrize(
    ("sheet", "data", "words"),
    [
        ("log", {"what": "dance:talked", "once": "a"}, "活動の種類と結果"),
        ("log", {"what": "call:talked", "once": "a", "at": "2099-01-01T00:00"}, "未来の日時"),
        ("plan", {}, "日付を選んでください"),
        ("plan", {"on": "2020-01-01"}, "今日以降"),
        ("move", {"stage": "999"}, "別の営業プロセス"),
        ("amount", {"amount": "-1"}, "0"),
        ("end", {"outcome": "lost"}, "理由を入力"),
        ("end", {}, "結末を選んで"),
    ],
)
def test_what_cannot_be_is_answered_in_the_sheet_and_changes_nothing(
    user: User, deal: Deal, sheet: str, data: dict[str, str], words: str
) -> None:
    before = deal.events.count()

    answer = send(user, deal, sheet, **data)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert deal.events.count() == before


def test_stage_amount_close_date_and_end(user: User, deal: Deal) -> None:
    stage = deal.process.stages.all()[1]
    send(user, deal, "move", stage=str(stage.pk))
    send(user, deal, "amount", amount="3500000")
    send(user, deal, "close-date", on="2027-02-01")
    send(user, deal, "end", outcome="broken_off", reason="予算凍結")

    deal.refresh_from_db()
    assert deal.stage == stage
    assert deal.amount == 3_500_000
    assert deal.close_date == date(2027, 2, 1)
    assert deal.outcome == "broken_off"


def test_a_manager_hands_over_within_the_subtree(organisation: Organisation) -> None:
    manager, deal = organisation.manager, organisation.own

    send(manager, deal, "owner", owner=str(organisation.colleague.pk))
    deal.refresh_from_db()
    assert deal.owner == organisation.colleague

    outside = send(manager, deal, "owner", owner=str(organisation.stranger.pk))
    assert outside.status_code == 422


def test_a_team_mate_logs_on_a_shared_deal_but_does_not_change_it(
    organisation: Organisation,
) -> None:
    user, deal = organisation.representative, organisation.shared

    assert send(user, deal, "log", what="call:talked", once="a").status_code == 200
    refused = send(user, deal, "amount", amount="5")
    assert refused.status_code == 403
    assert "上長" in refused.content.decode()
    assert browser(user).post(f"/deals/{deal.pk}/amount/", {"amount": "5"}).status_code == 403


@pytest.mark.parametrize("sheet", sorted(SHEETS))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_sheet_is_also_a_page(db: Any, sheet: str, language: str) -> None:
    user = make_user("administrator", language=language)
    deal = make_deal(user)
    address = f"/deals/{deal.pk}/{sheet.replace('_', '-')}/"

    page = browser(user).get(address).content.decode()

    assert f'<form method="post" action="{address}"' in page
    assert "hx-post" not in page.partition("sheet-page")[2]


def test_without_script_one_lands_on_the_deal_with_a_word(user: User, deal: Deal) -> None:
    answer = browser(user).post(
        f"/deals/{deal.pk}/log/", {"what": "call:talked", "once": "a"}, follow=True
    )

    assert answer.redirect_chain == [(f"/deals/{deal.pk}/", 302)]
    assert "記録しました" in answer.content.decode()
