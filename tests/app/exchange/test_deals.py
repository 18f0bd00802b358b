"""A file of deals: new, changed, unchanged, left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.app.exchange.files import DEALS, HEADER, checked, csv_of, imported, upload
from tests.app.factories import make_customer, make_deal, make_user

from tsunagu.app.customers.models import Customer
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals import fold
from tsunagu.app.deals.models import Deal, Event, Stage
from tsunagu.app.exchange import actions, mapping
from tsunagu.app.exchange.models import State
from tsunagu.app.people.models import User

FOLDED = ("pk", "owner", "stage", *fold.PLAIN)


def test_deals_come_in_with_their_people_customers_and_stages(user: User) -> None:
    source = imported(user, csv_of(HEADER, DEALS, "cp932"))

    assert source.state == State.DONE
    assert source.written == {"new": 3, "changed": 0, "unchanged": 0, "rejected": 0}
    running = Deal.objects.get(external_id="A-1")
    assert (running.title, running.amount) == ("基幹システム更新", Decimal(1_200_000))
    assert running.close_date == date(2026, 12, 20)
    assert running.stage is not None
    assert running.stage.name == "提案"
    assert (running.owner.name, running.owner.email) == ("佐藤 花子", None)
    assert set(Customer.objects.values_list("name", flat=True)) == {"青葉商事", "みどり物流"}
    won = Deal.objects.get(external_id="A-2")
    assert (won.outcome, won.amount) == ("won", Decimal(800_000))
    lost = Event.objects.get(deal__external_id="A-3", kind="outcome")
    assert (lost.value, lost.text) == ("lost", "予算")
    assert list(Stage.objects.values_list("name", flat=True)) == ["提案"]


def test_new_deals_say_what_their_facts_add_up_to(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS, "cp932"))
    written = list(Deal.objects.order_by("pk").values(*FOLDED))

    fold.rebuild(Deal.objects.all())

    assert list(Deal.objects.order_by("pk").values(*FOLDED)) == written


def test_what_the_file_says_of_now_is_not_known_before(user: User) -> None:
    source = imported(user, csv_of(HEADER, DEALS))

    running = Event.objects.filter(deal__external_id="A-1")
    assert {e.at.replace(microsecond=0) for e in running} == {
        source.created_at.replace(microsecond=0)
    }
    ended = list(Event.objects.filter(deal__external_id="A-2"))
    assert [e.kind for e in ended] == ["amount", "outcome"]
    assert (ended[1].at - ended[0].at).total_seconds() == 1


def test_the_dry_run_says_what_will_be_made_and_makes_nothing(user: User) -> None:
    source = checked(user, csv_of(HEADER, DEALS))

    assert source.state == State.CHECKED
    assert source.counts == {"new": 3, "changed": 0, "unchanged": 0, "rejected": 0}
    assert source.parents["owners"] == ["佐藤 花子", "鈴木 一郎"]
    assert source.parents["stages"] == ["提案"]
    assert source.parents["customers"] == ["青葉商事", "みどり物流"]
    assert not Deal.objects.exists()
    assert not Customer.objects.exists()


def facts() -> list[tuple[object, ...]]:
    return list(Event.objects.order_by("pk").values_list("pk", "deal_id", "at", "kind", "value"))


def test_the_same_file_again_changes_nothing(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))
    before = facts()

    again = imported(user, csv_of(HEADER, DEALS))

    assert again.written == {"new": 0, "changed": 0, "unchanged": 3, "rejected": 0}
    assert facts() == before


def test_the_same_file_again_leaves_what_people_changed_since(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))
    deal = Deal.objects.get(external_id="A-1")
    deal_actions.change_amount(user, deal, Decimal(999))
    deal_actions.edit_deal(user, deal, title="新しい名前", shared=False)

    imported(user, csv_of(HEADER, DEALS))

    deal.refresh_from_db()
    assert (deal.amount, deal.title) == (Decimal(999), "新しい名前")


def test_only_what_changed_in_the_file_changes(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))
    changed = DEALS[0].replace("提案", "交渉").replace("佐藤 花子", "鈴木 一郎")

    source = imported(user, csv_of(HEADER, [changed, *DEALS[1:]]))

    assert source.written == {"new": 0, "changed": 1, "unchanged": 2, "rejected": 0}
    deal = Deal.objects.get(external_id="A-1")
    assert deal.stage is not None
    assert deal.stage.name == "交渉"
    assert deal.owner.name == "鈴木 一郎"
    new = Event.objects.filter(source=source.pk)
    assert sorted(new.values_list("kind", flat=True)) == ["owner", "stage"]


def test_a_deal_that_has_ended_is_not_opened_again(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))

    source = checked(user, csv_of(HEADER, [DEALS[1].replace("受注", "提案")]))

    assert source.counts["rejected"] == 1
    assert "already ended" in source.problems.get().message


def test_rows_that_cannot_be_are_left_out_with_the_reason(user: User) -> None:
    rows = (
        *DEALS,
        "A-1,二度目,青葉商事,佐藤 花子,2026-04-01,提案,1,,,",
        "A-5,金額が変,青葉商事,佐藤 花子,2026-04-01,提案,たくさん,,,",
        ",番号なし,青葉商事,佐藤 花子,2026-04-01,提案,1,,,",
        "A-7,日付なし,青葉商事,佐藤 花子,,提案,1,,,",
        "A-8,逆,青葉商事,佐藤 花子,2026-04-10,失注,1,2026-04-01,,",
        "A-9,足りない",
    )

    source = imported(user, csv_of(HEADER, rows))

    assert source.written["new"] == 3
    found = {p.row: (p.column, p.value) for p in source.problems.all()}
    assert found == {
        5: ("案件番号", "A-1"),
        6: ("金額", "たくさん"),
        7: ("案件番号", ""),
        8: ("作成日", ""),
        9: ("完了予定日", "2026-04-01"),
        10: ("", ""),
    }


def test_known_people_and_customers_are_found(user: User) -> None:
    owner = make_user(name="佐藤 花子")
    customer = make_customer("青葉商事")

    imported(user, csv_of(HEADER, DEALS[:1]))

    deal = Deal.objects.get()
    assert (deal.owner, deal.customer) == (owner, customer)
    assert User.objects.filter(name="佐藤 花子").count() == 1


def test_a_deal_made_by_hand_with_the_same_number_is_the_same(user: User) -> None:
    make_deal(user, external_id="A-1", title="手で作った")

    source = imported(user, csv_of(HEADER, DEALS[:1]))

    assert source.written["changed"] == 1
    assert Deal.objects.get().title == "基幹システム更新"


def test_a_confidence_becomes_a_dated_note_by_the_map(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS[:1]))

    note = Event.objects.get(kind="note")
    assert note.text is not None
    assert "A" in note.text
    assert "90" in note.text


def test_a_deal_lost_because_nobody_answered_was_broken_off(user: User) -> None:
    silent = DEALS[2].replace("予算", "音信不通")
    imported(user, csv_of(HEADER, [silent, DEALS[2].replace("A-3", "A-4")]))

    ended = Event.objects.filter(kind="outcome").values_list("deal__external_id", "value", "text")
    assert set(ended) == {("A-3", "broken_off", "音信不通"), ("A-4", "lost", "予算")}
    assert Deal.objects.get(external_id="A-3").outcome == "broken_off"


def test_what_a_reason_means_is_the_users_to_say(user: User) -> None:
    source = upload(user, csv_of(HEADER, DEALS))
    chosen = mapping.guess(source)
    chosen.words["ending"] = {"予算": "broken_off"}
    actions.map_columns(user, source, chosen)
    actions.start(user, source)

    assert Deal.objects.get(external_id="A-3").outcome == "broken_off"
