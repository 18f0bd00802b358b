"""Files of activities and stage histories."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.app.exchange.files import DEALS, HEADER, checked, csv_of, imported

from tsunagu.app.deals import fold
from tsunagu.app.deals.actions import plan_next_step
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.people.models import User

ACTIVITY = "商談番号,活動日,種別,担当者,内容"
ROWS = (
    "A-1,2026-04-10,電話,佐藤 花子,最初の電話",
    "A-1,2026-04-10,訪問,佐藤 花子,同じ日の訪問",
    "A-1,2026-06-01 10:30,メール,佐藤 花子,資料",
)


@pytest.fixture
def deal(user: User) -> Deal:
    imported(user, csv_of(HEADER, DEALS))
    return Deal.objects.get(external_id="A-1")


def test_activities_come_in_in_their_order(user: User, deal: Deal) -> None:
    source = imported(user, csv_of(ACTIVITY, ROWS), "activities")

    assert source.written["new"] == 3
    events = list(Event.objects.filter(source=source.pk))
    assert [e.kind for e in events] == ["call", "visit", "email"]
    assert len({e.at for e in events}) == 3
    assert events[0].actor == deal.owner.external_id
    deal.refresh_from_db()
    assert deal.last_activity_at == events[2].at


def test_the_same_activities_again_change_nothing(user: User, deal: Deal) -> None:
    imported(user, csv_of(ACTIVITY, ROWS), "activities")
    before = list(Event.objects.order_by("pk").values_list("pk", "at"))

    again = imported(user, csv_of(ACTIVITY, [*reversed(ROWS), ROWS[0]]), "activities")

    assert (again.written["new"], again.written["unchanged"]) == (0, 4)
    assert list(Event.objects.order_by("pk").values_list("pk", "at")) == before


def test_new_activities_at_a_taken_instant_get_the_next(user: User, deal: Deal) -> None:
    imported(user, csv_of(ACTIVITY, ROWS), "activities")

    imported(user, csv_of(ACTIVITY, ["A-1,2026-04-10,電話,,三つ目"]), "activities")

    events = Event.objects.filter(deal=deal, at__date="2026-04-10")
    assert events.count() == 3


def test_a_day_in_the_future_is_the_next_step(user: User, deal: Deal) -> None:
    imported(user, csv_of(ACTIVITY, ["A-1,2199-01-15,訪問,,約束"]), "activities")

    deal.refresh_from_db()
    assert str(deal.next_step_on) == "2199-01-15"
    assert deal.last_activity_at is None


def test_rows_without_a_deal_or_before_it_are_left_out(user: User, deal: Deal) -> None:
    rows = ("X-9,2026-04-10,電話,,", "A-1,2020-01-01,電話,,", *ROWS)

    source = imported(user, csv_of(ACTIVITY, rows), "activities")

    assert source.written == {"new": 3, "changed": 0, "unchanged": 0, "rejected": 2}
    assert [p.row for p in source.problems.all()] == [2, 3]


def test_a_cell_that_is_too_long_for_a_name_leaves_its_row_out(user: User, deal: Deal) -> None:
    long = f"A-1,2026-04-10,電話,{'長' * 300},"

    source = imported(user, csv_of(ACTIVITY, [long, *ROWS]), "activities")

    assert source.written == {"new": 3, "changed": 0, "unchanged": 0, "rejected": 1}
    assert [(p.row, p.column) for p in source.problems.all()] == [(2, "担当者")]


def test_a_numbered_activity_is_not_rewritten(user: User, deal: Deal) -> None:
    header = f"活動番号,{ACTIVITY}"
    imported(user, csv_of(header, [f"7,{ROWS[0]}"]), "activities")

    same = checked(user, csv_of(header, [f"7,{ROWS[0]}"]), "activities")
    other = checked(user, csv_of(header, [f"7,{ROWS[1]}"]), "activities")

    assert same.counts["unchanged"] == 1
    assert other.counts["rejected"] == 1


def test_a_stage_history_comes_in_with_its_ending(user: User, deal: Deal) -> None:
    rows = ("A-1,2026-04-02,発掘", "A-1,2026-04-20,交渉", "A-1,2026-05-30,失注")

    source = imported(user, csv_of("商談番号,変更日,フェーズ", rows), "stages")

    events = Event.objects.filter(source=source.pk)
    assert [(e.kind, e.value) for e in events] == [
        ("stage", "発掘"),
        ("stage", "交渉"),
        ("outcome", "lost"),
    ]
    deal.refresh_from_db()
    assert deal.outcome == "lost"


@pytest.mark.parametrize(
    "rows",
    [
        ("A-1,2026-04-10,電話,,最初", "A-1,2026-06-01,電話,,最後", "A-1,2026-06-02,メモ,,控え"),
        ("A-1,2026-05-01,電話,,遅れて届いた",),
        ("A-1,2199-01-15,訪問,,約束", "A-2,2026-05-10,メール,,"),
        ("A-1,TODAY,電話,,約束どおり", "A-3,2026-05-09,電話,,"),
        ("A-1,TODAY,メモ,,会っていない",),
    ],
)
def test_a_deal_says_what_its_facts_add_up_to(
    user: User, deal: Deal, rows: tuple[str, ...]
) -> None:
    today = timezone.localdate()
    plan_next_step(user, deal, today)
    imported(user, csv_of(ACTIVITY, ROWS), "activities")
    imported(
        user, csv_of(ACTIVITY, [row.replace("TODAY", str(today)) for row in rows]), "activities"
    )

    for found in Deal.objects.all():
        state = dict(fold.states([found.pk]))[found.pk]
        assert {n: getattr(found, n) for n in fold.PLAIN} == {
            n: getattr(state, n) for n in fold.PLAIN
        }


def test_a_number_counts_once_in_a_file_and_its_repetitions_are_told_apart(
    user: User, deal: Deal
) -> None:
    rows = (f"7,{ROWS[0]}", f"7,{ROWS[0]}", f"7,{ROWS[1]}", f"8,{ROWS[1]}", f",{ROWS[1]}")

    source = imported(user, csv_of(f"活動番号,{ACTIVITY}", rows), "activities")

    assert source.written == {"new": 3, "changed": 0, "unchanged": 1, "rejected": 1}


def test_activities_are_written_as_other_facts_are(user: User, deal: Deal) -> None:
    source = imported(user, csv_of(ACTIVITY, ROWS), "activities")

    event = Event.objects.filter(source=source.pk).earliest("at")
    assert (event.recorded_by, event.text, event.amount) == (user, "最初の電話", None)
    assert timezone.now() - event.recorded_at < timedelta(minutes=5)
