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


def workbook() -> bytes:
    book = Workbook()
    for row in ([*HEADER.split(",")], ["A-1", "更新", "青葉商事", "佐藤", "2026-04-01", "提案", 5]):
        book.active.append(row)
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
