"""The pages of the import, as a browser asks for them."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from tests.app.conftest import browser
from tests.app.exchange.files import DEALS, HEADER, checked, csv_of, upload

from tsunagu.app.deals.models import Deal
from tsunagu.app.exchange.models import Import, State
from tsunagu.app.people.models import User

ROW = ["A-1", "更新", "青葉商事", "佐藤", "2026-04-01", "提案", 5]


def workbook(**sheets: list[list[object]]) -> bytes:
    """The ``sheets`` by name; without any, one with a deal."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in (sheets or {"Sheet": [[*HEADER.split(",")], ROW]}).items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_goes_all_the_way(user: User) -> None:
    client = browser(user)
    file = SimpleUploadedFile("案件.xlsx", workbook())

    answer = client.post("/imports/", {"kind": "deals", "files": [file]})
    source = Import.objects.get()
    assert answer.headers["Location"] == f"/imports/{source.pk}/columns/"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "更新" in page
    form = {"save": "1", "column-id": "案件番号", "column-created": "作成日"}
    client.post(f"/imports/{source.pk}/columns/", form)
    client.post(f"/imports/{source.pk}/start/")

    source.refresh_from_db()
    assert source.state == State.DONE
    assert Deal.objects.get().external_id == "A-1"


def test_several_files_become_several_imports(user: User) -> None:
    files = [SimpleUploadedFile(f"{n}.csv", csv_of(HEADER, DEALS)) for n in range(3)]

    browser(user).post("/imports/", {"kind": "deals", "files": files})

    assert Import.objects.count() == 3


def test_a_missing_column_is_asked_for(user: User) -> None:
    source = upload(user, csv_of(HEADER, DEALS))

    answer = browser(user).post(f"/imports/{source.pk}/columns/", {"save": "1"})

    assert "「" in answer.content.decode() or "“" in answer.content.decode()
    source.refresh_from_db()
    assert source.state == State.UPLOADED


def test_a_preview_keeps_nothing(user: User) -> None:
    source = upload(user, csv_of(HEADER, DEALS))
    form = {"column-title": "取引先名"}

    answer = browser(user).post(
        f"/imports/{source.pk}/columns/", form, headers={"HX-Request": "true"}
    )

    page = answer.content.decode()
    assert page.lstrip().startswith("<form")
    assert "みどり物流" in page
    source.refresh_from_db()
    assert source.mapping == {}


def test_the_rejected_rows_can_be_mended_and_come_in(user: User) -> None:
    bad = "A-9,日付なし,青葉商事,佐藤 花子,,提案,1,,,"
    source = checked(user, csv_of(HEADER, [*DEALS, bad]))
    client = browser(user)

    answer: Any = client.get(f"/imports/{source.pk}/rejects/")
    mended = answer.getvalue().replace("佐藤 花子,,".encode(), "佐藤 花子,2026-04-01,".encode())
    again = checked(user, mended)

    assert again.counts == {"new": 1, "changed": 0, "unchanged": 0, "rejected": 0}


def test_a_list_asks_as_often_for_one_import_as_for_many(
    user: User, django_assert_num_queries: Any
) -> None:
    client = browser(user)
    for wanted in (1, 12):
        while Import.objects.count() < wanted:
            upload(user, csv_of(HEADER, DEALS))
        with django_assert_num_queries(4):
            client.get("/imports/")


SHEETS: dict[str, list[list[object]]] = {
    "表紙": [],
    "進行中": [[*HEADER.split(",")], [*ROW]],
    "終了": [["番号", "開始"], ["B-1", "2026-04-02"], ["B-2", "2026-04-03"]],
}


def test_of_a_workbook_the_first_filled_sheet_is_read_until_another_is_chosen(user: User) -> None:
    client = browser(user)
    file = SimpleUploadedFile("商談.xlsx", workbook(**SHEETS))
    client.post("/imports/", {"kind": "deals", "files": [file]})
    source = Import.objects.get()
    assert (source.sheets, source.sheet, source.rows) == (list(SHEETS), "進行中", 1)
    checked_before = {"save": "1", "column-id": "案件番号", "column-created": "作成日"}
    client.post(f"/imports/{source.pk}/columns/", checked_before)

    client.post(f"/imports/{source.pk}/sheet/", {"sheet": "終了"})

    source.refresh_from_db()
    assert (source.state, source.sheet, source.rows) == (State.UPLOADED, "終了", 2)
    page = client.get(f"/imports/{source.pk}/columns/").content.decode()
    assert "商談.xlsx [終了]" in page
    form = {"save": "1", "column-id": "番号", "column-created": "開始"}
    client.post(f"/imports/{source.pk}/columns/", form)
    client.post(f"/imports/{source.pk}/start/")
    assert set(Deal.objects.values_list("external_id", flat=True)) == {"B-1", "B-2"}

    client.post(f"/imports/{source.pk}/sheet/", {"sheet": "進行中"})  # too late
    source.refresh_from_db()
    assert (source.state, source.sheet) == (State.DONE, "終了")


def test_a_sheet_that_there_is_not_or_that_is_empty_is_refused(user: User) -> None:
    client = browser(user)
    file = SimpleUploadedFile("商談.xlsx", workbook(**SHEETS))
    client.post("/imports/", {"kind": "deals", "files": [file]})
    source = Import.objects.get()

    for wanted in ("無い", "表紙", ""):
        answer = client.post(f"/imports/{source.pk}/sheet/", {"sheet": wanted}, follow=True)
        assert "alert" in answer.content.decode()

    source.refresh_from_db()
    assert source.sheet == "進行中"
