"""Writing and calling from a case's page, in the browser's words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact
from tests.app.followup.conftest import written

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Kind
from tsunagu.app.followup import actions
from tsunagu.app.followup.models import Mail, Status
from tsunagu.app.interruptions.actions import set_causes
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.diagnosing import ask_customer
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.organisation.erasure import erase, erased_text
from tsunagu.app.organisation.exporting import counts
from tsunagu.app.organisation.subjects import Subject

PART = {"HX-Request": "true"}


@pytest.fixture
def client(organisation: Organisation) -> Client:
    return browser(organisation.representative)


def text_of(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).content.decode()


def filled_in(page: str) -> dict[str, str]:
    """What the form holds, as a browser would send it."""
    hidden = dict(re.findall(r'name="(contact|language|once)" value="([^"]*)"', page))
    subject = re.search(r'name="subject" value="([^"]*)"', page)
    body = re.search(r'(?s)<textarea name="body".*?>\n?(.*?)</textarea>', page)
    assert subject
    assert body
    return {**hidden, "subject": subject[1], "body": body[1]}


def test_the_likeliest_text_stands_there_already(
    client: Client, case: Interruption, contact: Contact
) -> None:
    page = text_of(client, f"/followup/cases/{case.pk}/email/")
    assert "ご予算の件につきまして" in page  # the playbook for the cause that is set
    assert "鈴木一郎 様" in page
    assert case.deal.title in page
    english = text_of(client, f"/followup/cases/{case.pk}/email/?language=en")
    assert "Dear 鈴木一郎" in english
    assert "budgets are under review" in english


def test_gaps_are_named_and_the_link_fills_itself(
    client: Client, case: Interruption, contact: Contact
) -> None:
    set_causes(case.deal.owner, case, Cause.NEEDS_CHANGED)
    address = f"/followup/cases/{case.pk}/email/"
    page = text_of(client, address)
    assert "空欄（＿＿）にした項目" in page
    assert "/ask/" not in page

    ask_customer(case.deal.owner, case, "ja", contact)

    page = text_of(client, address)
    assert "空欄（＿＿）にした項目" not in page
    assert "/ask/" in page


def test_written_looked_at_sent(client: Client, case: Interruption, contact: Contact) -> None:
    address = f"/followup/cases/{case.pk}/email/"
    form = filled_in(text_of(client, address))
    seen = client.post(address, {**form, "body": "直した本文です。"}, follow=True)
    page = seen.content.decode()
    assert "直した本文です。" in page
    assert outgoing.outbox == []
    mail = Mail.objects.get()

    client.post(f"/followup/{mail.pk}/send/", headers=PART)

    assert outgoing.outbox[0].body == "直した本文です。"
    case_page = text_of(client, f"/interruptions/{case.pk}/")
    assert "送信済み" in case_page
    assert mail.subject in case_page


def test_words_stay_where_something_is_wrong(
    client: Client, case: Interruption, contact: Contact
) -> None:
    address = f"/followup/cases/{case.pk}/email/"
    form = {**filled_in(text_of(client, address)), "body": "私の＿＿"}
    refused = client.post(address, form, headers=PART)
    assert refused.status_code == 422
    assert "私の＿＿" in refused.content.decode()
    assert "空欄（＿＿）を埋めるか" in refused.content.decode()


def test_without_outgoing_mail_a_person_sends_it_and_says_so(
    client: Client, case: Interruption, contact: Contact, settings: Any
) -> None:
    settings.MAIL_IS_SET_UP = False
    mail = written(case, contact)
    page = text_of(client, f"/followup/{mail.pk}/")
    assert "メールの送信が設定されていません" in page
    assert "mailto:suzuki%40customer.example.jp?subject=" in page
    assert f"/followup/{mail.pk}/send/" not in page

    client.post(f"/followup/{mail.pk}/sent/")

    mail.refresh_from_db()
    assert (mail.status, mail.by_hand) == (Status.SENT, True)
    assert case.deal.events.filter(kind=Kind.EMAIL).count() == 1


def test_words_are_never_markup(client: Client, case: Interruption, contact: Contact) -> None:
    mail = written(case, contact, subject="<b>x</b>", body="<script>alert(1)</script>")
    for place in (f"/followup/{mail.pk}/", f"/followup/{mail.pk}/print/"):
        page = text_of(client, place)
        assert "<script>alert" not in page
        assert "<b>x</b>" not in page


def test_a_letter_is_printed(client: Client, case: Interruption, contact: Contact) -> None:
    page = text_of(client, f"/followup/cases/{case.pk}/letter/")
    form = filled_in(page)
    assert "■ お客様への影響" in page or "■ お客様にとっての意味" in page
    whole = form["body"].replace("＿＿", "三月")
    client.post(f"/followup/cases/{case.pk}/letter/", {**form, "body": whole})
    mail = Mail.objects.get()
    printed = text_of(client, f"/followup/{mail.pk}/print/")
    assert "つなぐ商事株式会社" in printed
    assert f"{timezone.localdate().year}年" in printed
    assert case.deal.customer.name in printed
    assert "data-print" in printed


def test_a_call_has_number_script_questions_and_log(
    client: Client, case: Interruption, contact: Contact
) -> None:
    page = text_of(client, f"/followup/cases/{case.pk}/call/")
    assert 'href="tel:031234"' in page
    assert "ご予算の件で、お願いではなく" in page
    assert "まだ確認できていないこと" in page
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once

    client.post(f"/deals/{case.deal_id}/log/", {"what": "call:talked", "once": once[1]})

    assert case.deal.events.get(kind=Kind.CALL).direction == "both"


def test_many_mails_cost_no_more_queries(
    client: Client, case: Interruption, contact: Contact
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/followup/cases/{case.pk}/panel/", headers=PART).status_code == 200
        return len(seen)

    written(case, contact)
    few = queries()
    for _ in range(12):
        written(case, contact)
    assert queries() == few
    page = text_of(client, f"/followup/cases/{case.pk}/panel/", **PART)
    assert page.count("<li>") == 5
    assert "?page=2" in page


def test_the_panel_looks_again_while_a_mail_is_under_way(
    client: Client, case: Interruption, contact: Contact
) -> None:
    written(case, contact)
    address = f"/followup/cases/{case.pk}/panel/"
    assert "every 3s" not in text_of(client, address, **PART)
    Mail.objects.update(status=Status.SENDING)
    assert "every 3s" in text_of(client, address, **PART)


def test_an_erased_contacts_mails_are_blank_and_drafts_are_gone(
    organisation: Organisation, case: Interruption, contact: Contact
) -> None:
    sent, draft = written(case, contact), written(case, contact)
    actions.send(case.deal.owner, sent)
    assert dict(counts(Subject.of(contact)))["メールと書面"] == 2

    erase(organisation.administrator, Subject.of(contact))

    sent.refresh_from_db()
    assert (sent.subject, sent.body, sent.to) == (erased_text(), erased_text(), "")
    assert sent.contact is None
    assert not Mail.objects.filter(pk=draft.pk).exists()
    assert case.deal.events.get(kind=Kind.EMAIL).text == erased_text()


def test_an_erased_users_mails_are_blank(
    organisation: Organisation, case: Interruption, contact: Contact
) -> None:
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    user = organisation.representative
    user.is_active = False
    user.save()

    erase(organisation.administrator, Subject.of(user))

    mail.refresh_from_db()
    assert mail.body == erased_text()


def test_many_mails_are_erased_by_no_more_statements_than_one_and_no_others_are(
    organisation: Organisation, case: Interruption, contact: Contact
) -> None:
    one, many, other = (make_contact(organisation.own.customer, email="x@y.jp") for _ in range(3))
    for to in (one, many, other, many, many):
        actions.send(case.deal.owner, written(case, to, subject=f"{to.pk}様"))

    def statements(erased: Contact) -> int:
        with CaptureQueriesContext(connection) as asked:
            erase(organisation.administrator, Subject.of(erased))
        return len(asked)

    few = statements(one)

    assert statements(many) <= few
    told = case.deal.events.filter(kind=Kind.EMAIL).order_by("at").values_list("text", flat=True)
    blank = erased_text()
    assert list(told) == [blank, blank, f"{other.pk}様", blank, blank]
    assert Mail.objects.get(contact=other).subject == f"{other.pk}様"
