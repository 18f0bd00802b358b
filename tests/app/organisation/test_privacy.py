"""Who asks gets all that is held about them, or is erased without a trace."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.exchange.files import DEALS, HEADER, csv_of, imported
from tests.app.factories import Organisation, make_customer, make_deal, make_import, make_user

import tsunagu.app
from tsunagu.app.append_only import rewritable
from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.actions import log_activity
from tsunagu.app.deals.contact_actions import mark_left
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.exchange import actions as exchange_actions
from tsunagu.app.exchange import store
from tsunagu.app.exchange.api.tokens import create_token
from tsunagu.app.exchange.models import ImportProblem, SourceRow, State
from tsunagu.app.organisation import erasure, exporting
from tsunagu.app.organisation.departures import depart
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people import audit
from tsunagu.app.people.models import AuditEntry, User

NAME, EMAIL, PHONE = "神崎 由紀子", "yukiko.kanzaki@shop.example", "03-5555-0199"


def every_text() -> dict[str, str]:
    """All words of all tables, by table and column, read past the application."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = value if isinstance(value, str) else json.dumps(value, default=str)
                    # JSON writes Japanese with escapes.
                    plain = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text)
                    where = f"{table}.{column}"
                    found[where] = found.get(where, "") + "\n" + plain
    return found


def who_still_says(*words: str) -> dict[str, str]:
    said = every_text().items()
    return {w: where for w in words for where, text in said if w.lower() in text.lower()}


@pytest.fixture
def contact(organisation: Organisation) -> Contact:
    """A contact person who is mentioned wherever words can stand."""
    customer = make_customer("神崎商店")
    made = Contact.objects.create(
        customer=customer, external_id="K-7", name=NAME, email=EMAIL, phone=PHONE, title="店長"
    )
    me = organisation.representative
    deal = make_deal(me, customer=customer, title=f"{NAME}様ご紹介", attributes={"紹介者": NAME})
    log_activity(me, deal, "call", text=f"神崎由紀子さんに電話。{PHONE} / {EMAIL.upper()}")
    Event.objects.create(
        deal=deal, at="2026-05-01T00:00Z", kind="contact", value="K-7", text="決裁者。甘党"
    )
    source = make_import(organisation.operations)
    ImportProblem.objects.create(source=source, file="a.csv", row=1, value=NAME, message="x")
    SourceRow.objects.create(
        kind="deals",
        key="S-1",
        values={"customer_name": NAME, "deep": [{"mail": EMAIL}]},
        source=source,
    )
    audit.record(me, "edit_customer", customer, before={"name": NAME}, after={"mail": EMAIL})
    return made


@pytest.fixture
def gone(organisation: Organisation) -> User:
    """A user who left, after work under name and address."""
    user = make_user(name="御手洗 薫", email="mitarai@example.jp", team=organisation.north)
    deal = make_deal(user, shared=True)
    log_activity(user, deal, "visit", text="私、御手洗がうかがいました。好感触。")
    log_activity(organisation.colleague, deal, "note", text="御手洗 薫さんから引き継ぎ予定")
    audit.record(organisation.administrator, "test", user, after={"email": user.email})
    browser(user)
    depart(organisation.administrator, user, organisation.colleague)
    user.refresh_from_db()
    return user


def test_a_contact_is_gone_from_every_table(organisation: Organisation, contact: Contact) -> None:
    words = (NAME, "神崎由紀子", EMAIL, PHONE, "甘党")
    assert set(who_still_says(*words)) == set(words)

    erasure.erase(organisation.administrator, Subject.of(contact))

    assert who_still_says(*words) == {}
    assert not Contact.objects.filter(pk=contact.pk).exists()


def test_a_user_is_gone_from_every_table(organisation: Organisation, gone: User) -> None:
    words = ("御手洗 薫", "mitarai@example.jp", "好感触")
    assert set(who_still_says(*words)) == set(words)

    erasure.erase(organisation.administrator, Subject.of(gone))

    assert who_still_says(*words) == {}
    gone.refresh_from_db()
    assert gone.email is None
    theirs = [s for s in Session.objects.all() if s.get_decoded()["_auth_user_id"] == str(gone.pk)]
    assert theirs == []
    assert not gone.has_usable_password()


def test_facts_stay_what_they_were(organisation: Organisation, gone: User) -> None:
    def facts() -> list[Any]:
        columns = ("pk", "deal", "at", "kind", "amount", "direction", "recorded_by")
        return list(Event.objects.order_by("pk").values_list(*columns))

    before = facts()
    deals = list(
        Deal.objects.order_by("pk").values_list("pk", "owner", "stage", "last_activity_at")
    )

    erasure.erase(organisation.administrator, Subject.of(gone))

    assert facts() == before
    columns = ("pk", "owner", "stage", "last_activity_at")
    assert list(Deal.objects.order_by("pk").values_list(*columns)) == deals
    gone.refresh_from_db()
    assert set(Event.objects.filter(recorded_by=gone).values_list("actor", flat=True)) == {
        gone.external_id
    }


def test_notes_stay_where_the_administrator_wants_them(
    organisation: Organisation, gone: User
) -> None:
    erasure.erase(organisation.administrator, Subject.of(gone), notes=False)

    assert "好感触" in who_still_says("好感触")
    assert who_still_says("御手洗 薫", "mitarai@example.jp") == {}


def test_the_audit_trail_says_that_somebody_was_erased_but_not_who(
    organisation: Organisation, contact: Contact
) -> None:
    pk = contact.pk

    erasure.erase(organisation.administrator, Subject.of(contact))

    entry = AuditEntry.objects.get(action="erase_person")
    assert (entry.actor, entry.object_type) == (organisation.administrator, "customers.contact")
    assert entry.object_id == str(pk)
    assert NAME not in str(entry.after)


def test_others_with_a_similar_name_or_address_keep_theirs(organisation: Organisation) -> None:
    customer = make_customer("林業組合")
    Contact.objects.create(customer=customer, external_id="2", name="林", email="rin@x.jp")
    other = Contact.objects.create(
        customer=customer, external_id="1", name="小林 幸", email="rin@x.jp.example", phone="1"
    )
    deal = make_deal(organisation.representative, customer=customer)
    log_activity(
        organisation.representative,
        deal,
        "call",
        text="林様と小林様、林業の話。kerin@x.jp rin@x.jp",
    )

    erasure.erase(organisation.administrator, Subject.of(Contact.objects.get(name="林")))

    other.refresh_from_db()
    assert (other.name, other.email) == ("小林 幸", "rin@x.jp.example")
    customer.refresh_from_db()
    assert customer.name == "林業組合"
    text = deal.events.get(kind="call").text
    assert re.fullmatch(r"消去済み\S+\d+様と小林様、林業の話。kerin@x\.jp 消去済み\S+\d+", text)


def test_the_export_of_a_short_name_holds_nothing_of_others(organisation: Organisation) -> None:
    customer = make_customer("林業組合")
    contact = Contact.objects.create(customer=customer, external_id="2", name="林")
    deal = make_deal(organisation.representative, customer=customer)
    log_activity(organisation.representative, deal, "call", text="小林様が退職")
    log_activity(organisation.representative, deal, "call", text="林様は外出中")

    files = unpacked(browser(organisation.administrator), "contact", contact.pk)

    assert [row["text"] for row in json.loads(files["deals.event.json"])] == ["林様は外出中"]
    assert "customers.customer.json" not in files
    page = browser(organisation.administrator).get(
        f"/settings/privacy/contact/{contact.pk}/counts/"
    )
    assert "<dt>活動などの記録</dt><dd>1</dd>" in page.content.decode()


def test_who_left_is_erased_from_the_facts_that_say_so(
    organisation: Organisation, contact: Contact
) -> None:
    mark_left(organisation.representative, contact)

    erasure.erase(organisation.administrator, Subject.of(contact))

    left = Event.objects.get(kind="contact_left")
    assert left.value != "K-7"
    assert who_still_says(NAME, "K-7") == {}


def test_a_namesake_keeps_the_name(organisation: Organisation, contact: Contact) -> None:
    namesake = make_user(name=NAME)

    erasure.erase(organisation.administrator, Subject.of(contact))

    namesake.refresh_from_db()
    assert namesake.name == NAME


def test_uploaded_files_go_too(
    organisation: Organisation, contact: Contact, django_capture_on_commit_callbacks: Any
) -> None:
    source = make_import(organisation.operations)
    assert store.folder_of(source).exists()

    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(organisation.administrator, Subject.of(contact))

    assert not store.folder_of(source).exists()


def test_an_import_is_undone_after_an_erasure(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DEALS_CHANGED = settings.DEAL_CHANGED = []  # scores are another test's matter
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, **_: call())
    deals = Deal.objects.count()
    source = imported(organisation.operations, csv_of(HEADER, DEALS))
    owner = User.objects.get(name="佐藤 花子")
    depart(organisation.administrator, owner, organisation.representative)
    owner.refresh_from_db()
    erasure.erase(organisation.administrator, Subject.of(owner))
    assert who_still_says("佐藤 花子") == {}

    exchange_actions.request_undo(organisation.operations, source)

    source.refresh_from_db()
    assert source.state == State.UNDONE
    # The deal that was handed over was worked on since, so it stays.
    assert Deal.objects.count() == deals + 1


def test_who_still_works_here_is_not_erased(organisation: Organisation) -> None:
    with pytest.raises(ValidationError):
        erasure.erase(organisation.administrator, Subject.of(organisation.colleague))

    assert not AuditEntry.objects.filter(action="erase_person").exists()


@pytest.mark.parametrize("who", ["representative", "manager", "head", "operations"])
def test_only_administrators_erase_and_export(
    organisation: Organisation, contact: Contact, who: str
) -> None:
    user = getattr(organisation, who)

    with pytest.raises(PermissionDenied):
        erasure.erase(user, Subject.of(contact))
    with pytest.raises(PermissionDenied):
        exporting.export(user, Subject.of(contact))


def rewrite_a_fact() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE deals_event SET text = 'x'")


def test_facts_are_as_fixed_after_an_erasure_as_before(
    organisation: Organisation, contact: Contact
) -> None:
    erasure.erase(organisation.administrator, Subject.of(contact))

    with pytest.raises(DatabaseError, match="append-only"):
        rewrite_a_fact()


def fail_after_rewriting_a_fact() -> None:
    rewrite_a_fact()
    raise DatabaseError("no such luck")


def test_facts_are_fixed_after_an_erasure_that_failed(organisation: Organisation) -> None:
    with pytest.raises(DatabaseError, match="no such"), rewritable(Event):
        fail_after_rewriting_a_fact()

    assert not Event.objects.filter(text="x").exists()
    with pytest.raises(DatabaseError, match="append-only"):
        rewrite_a_fact()


def test_nothing_but_the_erasure_makes_the_exception() -> None:
    app = Path(tsunagu.app.__file__).parent
    callers = {
        file.relative_to(app).as_posix()
        for file in app.rglob("*.py")
        if "rewritable(" in file.read_text(encoding="utf-8")
    }

    assert callers == {"append_only.py", "organisation/erasure.py"}


def unpacked(client: Client, kind: str, pk: int) -> dict[str, str]:
    answer = client.post(f"/settings/privacy/{kind}/{pk}/export/")
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def test_the_export_holds_all_that_names_a_contact(
    organisation: Organisation, contact: Contact
) -> None:
    files = unpacked(browser(organisation.administrator), "contact", contact.pk)

    (own,) = json.loads(files["customers.contact.json"])
    assert (own["name"], own["phone"]) == (NAME, PHONE)
    texts = {row["text"] for row in json.loads(files["deals.event.json"])}
    assert "決裁者。甘党" in texts
    assert {"exchange.sourcerow.csv", "people.auditentry.json"} <= set(files)
    assert AuditEntry.objects.get(action="export_person").object_id == str(contact.pk)


def test_the_export_of_a_user_holds_the_work_and_no_secret(
    organisation: Organisation, gone: User
) -> None:
    until = timezone.now() + timedelta(days=1)
    token, _text = create_token(gone, name="出力", scopes=["deals:read"], expires_at=until)

    files = unpacked(browser(organisation.administrator), "user", gone.pk)

    assert "出力" in files["api.apitoken.json"]
    assert not any(token.digest in text for text in files.values())
    assert any(
        "好感触" in row["text"] for row in json.loads(files["deals.event.json"]) if row["text"]
    )
    assert "deals.deal.json" in files
    assert "password" not in files["people.user.json"]
    assert not any(gone.password in text for text in files.values())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_no_cell_of_the_export_runs_as_a_formula(
    organisation: Organisation, contact: Contact, start: str
) -> None:
    Contact.objects.filter(pk=contact.pk).update(title=f'{start}HYPERLINK("http://x")')

    files = unpacked(browser(organisation.administrator), "contact", contact.pk)

    (row,) = csv.DictReader(io.StringIO(files["customers.contact.csv"]))
    assert row["title"].startswith(f"'{start}")


def test_the_page_asks_before_it_erases(organisation: Organisation, contact: Contact) -> None:
    admin = browser(organisation.administrator)
    url = f"/settings/privacy/contact/{contact.pk}/"

    refused = admin.post(url, {})
    assert refused.status_code == 422
    assert Contact.objects.filter(pk=contact.pk).exists()

    page = admin.post(url, {"sure": "on"}, follow=True).content.decode()
    assert NAME not in page
    assert not Contact.objects.filter(pk=contact.pk).exists()


def test_people_are_found_by_name_and_address(organisation: Organisation, contact: Contact) -> None:
    admin = browser(organisation.administrator)

    assert NAME in admin.get("/settings/privacy/?q=kanzaki").content.decode()
    assert "該当" in admin.get("/settings/privacy/?q=誰も").content.decode()
    users = admin.get(f"/settings/privacy/?kind=user&q={organisation.colleague.email}")
    assert organisation.colleague.name in users.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_people(organisation: Organisation) -> None:
    admin = browser(organisation.administrator)

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            admin.get("/settings/privacy/")
        return len(seen)

    few = count()
    for number in range(30):
        customer = make_customer()
        Contact.objects.create(customer=customer, external_id=str(number), name=f"担当{number}")

    assert count() <= few + 1  # the page's rows themselves, asked for once there are any
