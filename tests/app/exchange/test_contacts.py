"""Files of contact people, and activities that name a person instead of a deal."""

from __future__ import annotations

import pytest
from tests.app.exchange.files import HEADER, checked, csv_of, imported, upload

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals.models import Event
from tsunagu.app.exchange import actions, fields, mapping, queries
from tsunagu.app.exchange.models import State
from tsunagu.app.people.models import User

CONTACTS = "会社名,姓,名,メールアドレス,電話番号,役職,部署,キーマン/決裁者"
PEOPLE = (
    "青葉商事,山田,太郎,Yamada@aoba.example.jp,03-1234-5678,部長,情報システム部,決裁者",
    "青葉商事,鈴木,花子,,03-1234-9999,課長,総務部,キーマン",
    "みどり物流,山田,太郎,,,,,",
)


def people() -> list[tuple[str, ...]]:
    rows = Contact.objects.order_by("pk").values_list(
        "customer__name", "name", "email", "phone", "title", "department", "role"
    )
    return list(rows)


def test_contacts_come_in_with_their_companies(user: User) -> None:
    source = imported(user, csv_of(CONTACTS, PEOPLE, "cp932"), "contacts")

    assert source.written == {"new": 3, "changed": 0, "unchanged": 0, "rejected": 0}
    assert people()[0] == (
        "青葉商事", "山田 太郎", "yamada@aoba.example.jp", "03-1234-5678",
        "部長", "情報システム部", "決裁者",
    )  # fmt: skip
    assert [row[:2] for row in people()[1:]] == [
        ("青葉商事", "鈴木 花子"),
        ("みどり物流", "山田 太郎"),
    ]


def test_the_dry_run_lists_companies_and_makes_nothing(user: User) -> None:
    source = checked(user, csv_of(CONTACTS, PEOPLE), "contacts")

    assert source.counts["new"] == 3
    assert source.parents["customers"] == ["青葉商事", "みどり物流"]
    assert not Contact.objects.exists()
    assert not Customer.objects.exists()


def test_the_same_contacts_again_change_nothing(user: User) -> None:
    imported(user, csv_of(CONTACTS, PEOPLE), "contacts")
    before = people()

    again = imported(user, csv_of(CONTACTS, PEOPLE), "contacts")

    assert again.written == {"new": 0, "changed": 0, "unchanged": 3, "rejected": 0}
    assert people() == before


def test_a_contact_is_known_by_e_mail_or_else_by_company_and_name(user: User) -> None:
    imported(user, csv_of(CONTACTS, PEOPLE), "contacts")
    newer = (
        "みどり物流,山田,次郎,yamada@aoba.example.jp,03-1234-5678,本部長,情報システム部,決裁者",
        "青葉商事,鈴木,花子,suzuki@aoba.example.jp,03-1234-9999,部長,総務部,キーマン",
    )

    source = imported(user, csv_of(CONTACTS, newer), "contacts")

    assert source.written == {"new": 0, "changed": 2, "unchanged": 0, "rejected": 0}
    assert [row[:3] + row[4:5] for row in people()[:2]] == [
        ("みどり物流", "山田 次郎", "yamada@aoba.example.jp", "本部長"),
        ("青葉商事", "鈴木 花子", "suzuki@aoba.example.jp", "部長"),
    ]


def test_numbers_tell_people_of_one_address_apart(user: User) -> None:
    rows = ("1,青葉商事,佐藤,info@aoba.example.jp", "2,青葉商事,高橋,info@aoba.example.jp")
    header = "担当者ID,会社名,氏名,メールアドレス"
    imported(user, csv_of(header, rows), "contacts")

    again = imported(
        user, csv_of(header, [rows[0], rows[1].replace("高橋", "高橋 次郎")]), "contacts"
    )

    assert (again.written["new"], again.written["changed"]) == (0, 1)
    assert [row[1] for row in people()] == ["佐藤", "高橋 次郎"]


def test_what_was_corrected_here_stays(user: User) -> None:
    imported(user, csv_of(CONTACTS, PEOPLE), "contacts")
    Contact.objects.filter(name="鈴木 花子").update(title="部長代理")

    imported(user, csv_of(CONTACTS, PEOPLE), "contacts")

    assert Contact.objects.get(name="鈴木 花子").title == "部長代理"


def test_people_that_cannot_be_are_left_out_with_the_reason(user: User) -> None:
    rows = (*PEOPLE, ",無,所属,,,,,", "青葉商事,,,,,,,", "青葉商事,山,川,書き間違い,,,,", PEOPLE[0])

    source = imported(user, csv_of(CONTACTS, rows), "contacts")

    assert (source.written["new"], source.written["rejected"]) == (3, 4)
    found = {p.row: p.column for p in source.problems.all()}
    assert found == {5: "会社名", 6: "姓", 7: "メールアドレス", 8: "メールアドレス"}


def test_an_import_of_contacts_is_undone(user: User) -> None:
    imported(user, csv_of(CONTACTS, PEOPLE[:2]), "contacts")
    before = people()
    changed = PEOPLE[0].replace("部長", "本部長").replace("青葉商事", "海山商店")
    source = imported(user, csv_of(CONTACTS, [changed, PEOPLE[1], PEOPLE[2]]), "contacts")
    assert people() != before

    actions.request_undo(user, source)

    assert source.state == State.UNDONE
    assert people() == before
    assert set(Customer.objects.values_list("name", flat=True)) == {"青葉商事"}
    again = imported(user, csv_of(CONTACTS, [changed, *PEOPLE[1:]]), "contacts")
    assert (again.written["new"], again.written["changed"]) == (1, 1)


@pytest.mark.parametrize(
    ("system", "headers", "wanted"),
    [
        ("salesforce", ["Id", "AccountId", "LastName", "FirstName", "Email", "Title"], "AccountId"),
        (
            "hubspot",
            ["Record ID", "First Name", "Last Name", "Email", "Associated Company"],
            "Associated Company",
        ),
        (
            "pipedrive",
            ["Person - ID", "Person - Name", "Person - Organization", "Person - Email"],
            "Person - Organization",
        ),
        ("geniee", ["担当者ID", "会社ID", "姓", "名", "部署", "役職", "メールアドレス"], "会社ID"),
        ("mazrica", ["コンタクトID", "取引先ID", "取引先名", "氏名", "役職"], "取引先ID"),
    ],
)
def test_a_systems_contacts_are_recognised(system: str, headers: list[str], wanted: str) -> None:
    assert fields.recognised_preset("contacts", headers) == system
    assert fields.recognise("contacts", headers, system)["customer"] == wanted


# ---- activities that name a person -----------------------------------------------------------

DEALS = (
    "A-1,更新,青葉商事,佐藤 花子,2026-04-01,失注,1,2026-05-31,,",
    "A-2,再提案,青葉商事,佐藤 花子,2026-06-15,提案,1,2026-12-20,,",
    "B-1,倉庫,みどり物流,佐藤 花子,2026-04-01,提案,1,2026-12-20,,",
    "B-2,配送,みどり物流,佐藤 花子,2026-05-01,提案,1,2026-12-20,,",
)
CALLS = "連絡先,日時,種別,内容"


@pytest.fixture
def _known(user: User) -> None:
    imported(user, csv_of(HEADER, DEALS))
    imported(user, csv_of(CONTACTS, PEOPLE), "contacts")


def linked(user: User, rows: list[str], header: str = CALLS) -> dict[str, list[str | None]]:
    """Texts of the activities by deal."""
    source = imported(user, csv_of(header, rows), "activities", contact="連絡先")
    found: dict[str, list[str | None]] = {}
    events = Event.objects.filter(source=source.pk).order_by("deal", "at")
    for number, text in events.values_list("deal__external_id", "text"):
        found.setdefault(number, []).append(text)
    return found


@pytest.mark.usefixtures("_known")
def test_an_activity_goes_to_the_persons_deal_that_was_open_then(user: User) -> None:
    rows = [
        "yamada@AOBA.example.jp,2026-04-10 10:00,電話,メールで",
        "０３-1234-9999,2026-05-10 10:00,電話,電話番号で",
        "+81 3 1234 9999,2026-07-01 10:00,電話,国番号で",
        "青葉商事,2026-07-02 10:00,電話,会社で",
    ]

    assert linked(user, rows) == {
        "A-1": ["メールで", "電話番号で"],
        "A-2": ["国番号で", "会社で"],
    }
    assert linked(user, rows) == {}


@pytest.mark.usefixtures("_known")
def test_none_or_several_open_deals_leave_the_row_out_with_what_to_do(user: User) -> None:
    rows = [
        "青葉商事,2026-06-10 10:00,電話,あいだ",
        "みどり物流,2026-04-10 10:00,電話,一つだけ",
        "みどり物流,2026-06-10 10:00,電話,二つ",
        "知らない人,2026-06-10 10:00,電話,",
    ]

    assert linked(user, rows) == {"B-1": ["一つだけ"]}

    source = checked(user, csv_of(CALLS, rows), "activities", contact="連絡先")
    found = {p.row: p.message for p in source.problems.all()}
    none, several = "no deal of this contact was open then.", "several deals"
    assert found[2] == found[5] == none
    assert found[4].startswith(several)
    assert all("deal" in p.remedy for p in source.problems.all())


@pytest.mark.usefixtures("_known")
def test_a_deal_number_counts_more_than_the_person(user: User) -> None:
    rows = [
        "B-2,みどり物流,2026-06-10 10:00,電話,番号で",
        ",青葉商事,2026-07-10 10:00,電話,会社で",
        ",,2026-07-10 10:00,電話,どちらもなし",
    ]

    found = linked(user, rows, f"案件番号,{CALLS}")

    assert found == {"B-2": ["番号で"], "A-2": ["会社で"]}


@pytest.mark.usefixtures("_known")
def test_two_people_of_one_company_may_say_the_same_at_once(user: User) -> None:
    rows = ["yamada@aoba.example.jp,2026-07-01,電話,確認", "03-1234-9999,2026-07-01,電話,確認"]

    assert linked(user, rows) == {"A-2": ["確認", "確認"]}
    assert Event.objects.filter(kind="call").count() == 2


def test_a_file_of_activities_names_a_deal_or_a_person(user: User) -> None:
    source = upload(user, csv_of("日時,種別", ["2026-04-10,電話"]), "activities")
    chosen = mapping.guess(source)
    assert [f.key for f in chosen.missing("activities")] == ["deal"]

    chosen.columns["contact"] = "種別"

    assert chosen.missing("activities") == []
    rows = queries.columns_context(source, chosen)["rows"]
    assert [row["field"].key for row in rows if row["needed"]] == ["at"]
