"""Every list leaves the house as its page shows it: filters, order, permissions, and no more."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import load_workbook
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_customer, make_deal, make_user

import tsunagu.app
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.exports import actions, lists, store, tasks, writing
from tsunagu.app.exports.models import Export, Format, State
from tsunagu.app.people.models import AuditEntry, User

APP = Path(tsunagu.app.__file__).parent
NO_EXPORT = {
    "organisation/_privacy.html": "personal data has an export of its own, person by person",
    "exports/_table.html": "a list of files",
    "api/_apps.html": "what lets programs in",
    "api/_tokens.html": "what lets programs in",
    "scoring/_versions.html": "fitted models: the page of each says all that is known of it",
}


def made(user: User, name: str, form: str = Format.UTF8, query: str = "") -> Export:
    export = actions.export_list(user, name, form, query)
    assert export.state == State.READY
    return export


def table(export: Export) -> list[dict[str, str]]:
    encoding = "cp932" if export.format == Format.CP932 else "utf-8-sig"
    text = store.file_of(export).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def workbook(export: Export) -> Any:
    return load_workbook(io.BytesIO(store.file_of(export).read_bytes())).active


def column(export: Export, heading: str) -> list[str]:
    return [row[heading] for row in table(export)]


def test_every_list_page_has_an_export_or_says_why_not() -> None:
    pages = {
        f"{file.parent.name}/{file.name}"
        for file in APP.rglob("templates/**/*.html")
        if 'include "parts/pages.html"' in (text := file.read_text(encoding="utf-8"))
        and 'include "parts/export.html"' not in text
    }

    assert pages == set(NO_EXPORT)


def test_every_button_names_a_list_and_every_list_has_a_button() -> None:
    texts = [file.read_text(encoding="utf-8") for file in APP.rglob("templates/**/*.html")]
    named = {part.split('"')[0] for text in texts for part in text.split('export="')[1:]}
    beside = {name for listed in lists.every().values() for name in listed.beside}

    assert named | beside == set(lists.every())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_two_columns_of_a_list_have_one_heading(language: str) -> None:
    with translation.override(language):
        for name, listed in lists.every().items():
            assert len(set(listed.headings)) == len(listed.columns), name


@pytest.mark.parametrize("form", [Format.UTF8, Format.CP932, Format.XLSX])
def test_every_list_is_written_in_every_format(organisation: Organisation, form: str) -> None:
    for name in lists.every():
        made(organisation.administrator, name, form)


def test_the_file_holds_what_the_page_shows(organisation: Organisation) -> None:
    user = make_user()
    make_deal(user, title="後", close_date=date(2026, 12, 9), amount=Decimal("1500000"))
    make_deal(user, title="先", close_date=date(2026, 11, 30))
    ended = make_deal(user, title="終わり")
    deal_actions.close_deal(user, ended, "lost", reason="価格")

    export = made(user, "deals")

    assert column(export, "案件名") == ["先", "後"]
    assert table(export)[1]["金額"] == "1500000"
    assert table(export)[1]["完了予定日"] == "2026-12-09"
    assert column(made(user, "deals", query="sort=-close"), "案件名") == ["後", "先"]
    assert column(made(user, "deals", query="status=ended"), "案件名") == ["終わり"]
    assert column(made(user, "deals", query="q=後&page=7"), "案件名") == ["後"]


def test_nobody_takes_along_what_the_page_would_not_show(organisation: Organisation) -> None:
    representative = organisation.representative

    seen = column(made(representative, "deals", query="status=all"), "案件名")

    assert organisation.own.title in seen
    assert organisation.shared.title in seen
    assert organisation.unshared.title not in seen
    hidden = f"of={organisation.unshared.pk}"
    assert table(made(representative, "history", query=hidden)) == []
    foreign = f"of={organisation.unshared.customer_id}"
    make_contact(organisation.unshared.customer)
    assert table(made(representative, "contacts", query=foreign)) == []
    assert table(made(representative, "customer-deals", query=foreign)) == []
    with pytest.raises(PermissionDenied):
        actions.export_list(representative, "people", Format.UTF8, "")
    with pytest.raises(Http404):
        actions.export_list(representative, "secrets", Format.UTF8, "")


def test_what_may_not_be_seen_any_more_is_not_written(organisation: Organisation) -> None:
    """Between the question and the worker's turn the person may have lost a right."""
    manager = organisation.manager
    export = Export.objects.create(
        user=manager, what="team", format=Format.UTF8, language="ja", file_name="x"
    )
    User.objects.filter(pk=manager.pk).update(role="representative")

    tasks.work.call(export.pk)

    export.refresh_from_db()
    assert export.state == State.FAILED
    assert not store.folder_of(export).exists()


def test_no_cell_becomes_a_formula(organisation: Organisation) -> None:
    user = organisation.operations
    make_customer("=HYPERLINK(0)", industry="＋1", region="普通")
    make_customer("-5度の会社")

    written = {row["名前"]: row for row in table(made(user, "customers"))}

    assert written["'=HYPERLINK(0)"]["業種"] == "'＋1"
    assert "'-5度の会社" in written
    sheet = workbook(made(user, "customers", Format.XLSX))
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [c.value for c in cells if c.data_type == "f"] == []
    assert "=HYPERLINK(0)" in [c.value for c in cells]


def test_numbers_and_days_are_such_in_a_workbook(organisation: Organisation) -> None:
    user = make_user()
    make_deal(user, amount=Decimal("1500000"), close_date=date(2026, 12, 9))

    sheet = workbook(made(user, "deals", Format.XLSX))

    heads = [cell.value for cell in sheet[1]]
    row = dict(zip(heads, [cell.value for cell in sheet[2]], strict=True))
    assert row["金額"] == 1500000
    assert row["完了予定日"].date() == date(2026, 12, 9)
    assert row["開始日"].year == 2026


def test_what_shift_jis_lacks_is_marked_and_told(organisation: Organisation) -> None:
    user = organisation.operations
    make_customer("髙橋商店〜本店")
    make_customer("𠮷野😀")

    export = made(user, "customers", Format.CP932)

    names = column(export, "名前")
    assert "髙橋商店～本店" in names
    assert "〓野〓" in names
    assert export.notes["replaced"] == 2
    assert export.notes["characters"] == ["𠮷", "😀"]
    page = browser(user).get(f"/exports/{export.pk}/").content.decode()
    assert "2文字" in page
    assert "𠮷 😀" in page


def test_a_text_longer_than_a_cell_is_cut_and_told(organisation: Organisation) -> None:
    user = organisation.representative
    deal_actions.log_activity(user, organisation.own, "note", text="長" * 40_000)

    export = made(user, "history", Format.XLSX, f"of={organisation.own.pk}")

    assert export.notes == {"cut": 1}
    assert "notes" not in made(user, "history", Format.UTF8, f"of={organisation.own.pk}").notes


def test_a_list_longer_than_a_sheet_goes_on_in_the_next(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "EXCEL_ROWS", 3)

    book = load_workbook(
        io.BytesIO(store.file_of(made(organisation.operations, "deals", "xlsx")).read_bytes())
    )

    assert [len(list(sheet.rows)) for sheet in book.worksheets] == [3, 3]
    assert [sheet["A1"].value for sheet in book.worksheets] == ["案件番号", "案件番号"]


def test_facts_say_names_instead_of_keys(organisation: Organisation) -> None:
    deal, user = organisation.own, organisation.colleague
    deal_actions.change_owner(organisation.manager, deal, user)

    facts = table(made(user, "history", query=f"of={deal.pk}"))

    owner = next(fact for fact in facts if fact["活動の種類"] == "担当者")
    assert owner["結果・変更後の値"] == user.name
    assert owner["行った人"] == organisation.manager.name
    assert owner["案件番号"] == deal.external_id


def test_the_headings_speak_the_readers_language(organisation: Organisation) -> None:
    client = browser(organisation.operations)
    client.post("/people/language/", {"language": "en"})

    client.post("/exports/new/deals/", {"format": "csv"})

    assert "Deal number" in store.file_of(Export.objects.get()).read_text(encoding="utf-8-sig")


def queries(user: User) -> int:
    with CaptureQueriesContext(connection) as seen:
        made(user, "deals")
    return len(seen)


def test_the_number_of_queries_does_not_grow_with_the_rows(organisation: Organisation) -> None:
    few = queries(organisation.operations)
    for _ in range(30):
        make_deal(make_user(team=organisation.north))

    assert queries(organisation.operations) == few


class TestPages:
    def test_the_button_stands_on_the_list_and_keeps_its_question(
        self, organisation: Organisation
    ) -> None:
        client = browser(organisation.operations)

        page = client.get("/deals/?q=案件&status=all&page=1").content.decode()

        assert "/exports/new/deals/?q=%E6%A1%88%E4%BB%B6&amp;status=all" in page
        chosen = client.get("/exports/new/deals/?q=案件&status=all")
        assert chosen.context["count"] == 4

    def test_a_short_list_is_there_at_once(self, organisation: Organisation) -> None:
        client = browser(organisation.representative)

        page = client.post("/exports/new/deals/?status=all", {"format": "xlsx"}, follow=True)

        assert "data-fetch" in page.content.decode()
        [export] = Export.objects.all()
        answer = client.get(f"/exports/{export.pk}/file/")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "attachment" in answer.headers["Content-Disposition"]
        assert answer.getvalue()[:2] == b"PK"

    def test_nobody_else_may_fetch_it(self, organisation: Organisation) -> None:
        export = made(organisation.operations, "deals")

        for place in ("", "file/", "status/"):
            answer = browser(organisation.administrator).get(f"/exports/{export.pk}/{place}")
            assert answer.status_code == 404

    def test_a_long_list_is_left_to_a_worker(
        self, organisation: Organisation, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        monkeypatch.setattr(actions, "AT_ONCE", 1)
        backend = "django_tasks.backends.dummy.DummyBackend"
        settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores"]}}
        client = browser(organisation.operations)

        page = client.post("/exports/new/deals/", {"format": "csv"}, follow=True)

        assert "data-fetch" not in page.content.decode()
        assert 'hx-trigger="every 1s"' in page.content.decode()
        [export] = Export.objects.all()
        assert client.get(f"/exports/{export.pk}/file/").status_code == 404
        tasks.work.call(export.pk)
        assert "data-fetch" in client.get(f"/exports/{export.pk}/status/?fetch=1").content.decode()

    def test_nonsense_is_no_error(self, organisation: Organisation) -> None:
        client = browser(organisation.operations)

        assert client.post("/exports/new/deals/", {"format": "exe"}).status_code == 422
        assert client.get("/exports/new/nothing/").status_code == 404
        for query in ("of=x&q=%00&sort=;drop", "of=99999999999999999999", "month=13&team=-1"):
            for name in lists.every():
                address = f"/exports/new/{name}/?{query}"
                assert client.get(address).status_code in {200, 403}, (name, query)


class TestLife:
    def test_every_export_is_in_the_audit_trail(self, organisation: Organisation) -> None:
        export = made(organisation.operations, "deals", query="status=all")

        entry = AuditEntry.objects.get(action="export")
        assert entry.actor == organisation.operations
        assert entry.object_id == str(export.pk)
        assert entry.after == {"what": "deals", "format": "csv", "rows": 4}

    def test_a_file_is_kept_for_a_day(self, organisation: Organisation) -> None:
        old, young = (made(organisation.operations, "deals") for _ in range(2))
        Export.objects.filter(pk=old.pk).update(created_at=timezone.now() - actions.KEPT)

        assert tasks.tidy_up.call() == 1

        old.refresh_from_db()
        assert old.state == State.GONE
        assert not store.folder_of(old).exists()
        assert store.file_of(young).exists()

    def test_a_killed_worker_loses_nothing(self, organisation: Organisation) -> None:
        export = made(organisation.operations, "deals")
        Export.objects.filter(pk=export.pk).update(finished_at=None)
        assert tasks.take_up.call() == 0  # it gave a sign of life just now

        store.drop(export)

        assert tasks.take_up.call() == 1

        export.refresh_from_db()
        assert export.state == State.READY
        assert len(table(export)) == 4

    def test_what_is_erased_meanwhile_leaves_no_file(self, organisation: Organisation) -> None:
        """A file that is being written when somebody is erased may hold that person's name."""
        export = Export.objects.create(
            user=organisation.operations,
            what="deals",
            format=Format.UTF8,
            language="ja",
            file_name="x",
        )
        assert actions.forget_all() == 1

        tasks.work.call(export.pk)

        assert not store.folder_of(export).exists()
