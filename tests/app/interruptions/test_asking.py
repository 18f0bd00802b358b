"""The customer's question form: who can open it, what it shows, and where the answer goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.actions import log_activity
from tsunagu.app.deals.models import Direction, Kind
from tsunagu.app.interruptions import actions, diagnosing, folding, inquiries
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Inquiry, Interruption, Reply
from tsunagu.app.interruptions.telling import waiting_replies
from tsunagu.app.organisation.erasure import erase, erased_text
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import AuditEntry

COMPANY = "つなぐ商事株式会社"


@pytest.fixture(autouse=True)
def our_name(settings: Any) -> None:
    settings.COMPANY_NAME = COMPANY
    cache.clear()  # the rate limits of the test before


@pytest.fixture
def case(organisation: Organisation) -> Interruption:
    found = folding.begin(organisation.own)
    return actions.confirm(organisation.representative, found, main=Cause.BUDGET)


@pytest.fixture
def contact(organisation: Organisation) -> Contact:
    return Contact.objects.create(
        customer=organisation.own.customer,
        external_id="K1",
        name="鈴木一郎",
        email="suzuki@customer.example.jp",
    )


@pytest.fixture
def inquiry(organisation: Organisation, case: Interruption, contact: Contact) -> Inquiry:
    return diagnosing.ask_customer(organisation.representative, case, "ja", contact)


def path(inquiry: Inquiry) -> str:
    return f"/ask/{inquiries.token(inquiry)}/"


def age(inquiry: Inquiry, days: int) -> Inquiry:
    """As if it had been made ``days`` earlier."""
    by = timedelta(days=days)
    inquiry.made_at, inquiry.expires_at = inquiry.made_at - by, inquiry.expires_at - by
    inquiry.save()
    return inquiry


ANSWER = {
    "choices": ["budget", "later"],
    "text": "来期の予算が決まるまでお待ちください",
    "needs": "見積の有効期限の延長",
    "contact_by": "email",
    "contact_when": "来月の初め",
}


def test_the_form_shows_us_and_nothing_of_the_deal(
    organisation: Organisation, inquiry: Inquiry
) -> None:
    answer = Client().get(path(inquiry))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert COMPANY in page
    assert organisation.representative.name in page
    deal = organisation.own
    for secret in (deal.title, deal.customer.name, "鈴木", "suzuki", "営業中途", "原因"):
        assert secret not in page
        assert secret not in path(inquiry)


def test_it_is_neither_listed_nor_kept_nor_framed(inquiry: Inquiry) -> None:
    answer = Client().get(path(inquiry))

    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert 'name="robots" content="noindex' in answer.content.decode()
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_it_speaks_the_language_it_was_made_in_or_the_other_one(
    organisation: Organisation, case: Interruption
) -> None:
    english = diagnosing.ask_customer(organisation.representative, case, "en")

    first, second = Client().get(path(english)), Client().get(path(english) + "?language=ja")

    assert 'lang="en"' in first.content.decode()
    assert "We are reviewing the budget" in first.content.decode()
    assert first.headers["Content-Language"] == "en"
    assert "予算を見直している" in second.content.decode()


def test_the_answer_lands_on_the_case_and_counts_as_contact(
    organisation: Organisation, inquiry: Inquiry, case: Interruption
) -> None:
    answer = Client().post(path(inquiry), ANSWER)

    assert answer.status_code == 200
    assert "ご回答ありがとうございました" in answer.content.decode()
    fact = organisation.own.events.get(kind=Kind.SURVEY, direction=Direction.IN)
    assert "予算を見直している" in (fact.text or "")
    assert "来期の予算" in (fact.text or "")
    assert (fact.actor, fact.recorded_by) == (None, None)
    organisation.own.refresh_from_db()
    assert organisation.own.last_activity_at == fact.at
    page = browser(organisation.representative).get(f"/interruptions/{case.pk}/").content.decode()
    for words in ("予算を見直している", "見積の有効期限の延長", "来月の初め", "メール"):
        assert words in page
    assert "お客様から回答がありました" in page


def test_a_withdrawn_link_says_so_calmly_and_takes_no_answer(
    organisation: Organisation, inquiry: Inquiry, case: Interruption
) -> None:
    sheet = f"/interruptions/{case.pk}/asked/{inquiry.pk}/withdraw/"
    client = browser(organisation.representative)

    assert client.post(sheet).status_code == 302

    opened, sent = Client().get(path(inquiry)), Client().post(path(inquiry), ANSWER)
    assert (opened.status_code, sent.status_code) == (410, 410)
    assert "このフォームへのご回答は不要になりました" in opened.content.decode()
    assert not Reply.objects.exists()
    page = client.get(f"/interruptions/{case.pk}/").content.decode()
    assert "に取り消しました" in page
    assert inquiries.token(inquiry) not in page
    [entry] = AuditEntry.objects.filter(action="withdraw_inquiry")
    assert entry.actor == organisation.representative


def test_what_was_answered_or_withdrawn_cannot_be_withdrawn(
    organisation: Organisation, case: Interruption
) -> None:
    first = diagnosing.ask_customer(organisation.representative, case, "ja")
    second = diagnosing.ask_customer(organisation.representative, case, "ja")
    Client().post(path(first), ANSWER)
    diagnosing.withdraw_inquiry(organisation.representative, second)

    for closed in (first, second):
        with pytest.raises(ValidationError):
            diagnosing.withdraw_inquiry(organisation.representative, closed)


def test_who_may_not_log_may_not_withdraw(organisation: Organisation, inquiry: Inquiry) -> None:
    with pytest.raises(PermissionDenied):
        diagnosing.withdraw_inquiry(organisation.colleague, inquiry)

    assert Client().get(path(inquiry)).status_code == 200


def test_the_answer_makes_the_deal_be_looked_at(
    inquiry: Inquiry,
    case: Interruption,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    changed: list[int] = []
    monkeypatch.setattr(f"{__name__}.heard", changed.append)
    settings.DEAL_CHANGED = [f"{__name__}.heard"]

    with django_capture_on_commit_callbacks(execute=True):
        Client().post(path(inquiry), ANSWER)

    assert changed == [case.deal_id]


def heard(deal_id: int) -> None:
    """Stands for whoever is told of a changed deal."""


def test_what_the_customer_ticked_suggests_the_cause(
    organisation: Organisation, case: Interruption
) -> None:
    actions.set_causes(organisation.representative, case, "")
    inquiry = diagnosing.ask_customer(organisation.representative, case, "ja")
    diagnosing.take_reply(inquiry, choices=["person"])

    page = browser(organisation.representative).get(f"/interruptions/{case.pk}/").content.decode()

    causes = page.partition('id="causes"')[2].partition("</section>")[0]
    assert "担当者の異動・退職" in causes
    assert "お客様の回答：「担当者が替わった」" in causes


def test_an_empty_answer_is_asked_for_again(inquiry: Inquiry) -> None:
    answer = Client().post(path(inquiry), {"contact_by": "email", "text": "  "})

    assert answer.status_code == 422
    assert not Reply.objects.exists()


def test_a_made_up_choice_is_refused(inquiry: Inquiry) -> None:
    assert Client().post(path(inquiry), {"choices": ["customer.lost_interest"]}).status_code == 422
    assert not Reply.objects.exists()


def test_it_is_answered_once(inquiry: Inquiry) -> None:
    assert Client().post(path(inquiry), ANSWER).status_code == 200
    again = Client().post(path(inquiry), ANSWER)

    assert again.status_code == 410
    assert "すでに回答" in again.content.decode()
    assert Client().get(path(inquiry)).status_code == 410
    assert Reply.objects.count() == 1
    with pytest.raises(ValidationError):
        diagnosing.take_reply(Inquiry.objects.get(pk=inquiry.pk), **ANSWER)


def test_it_expires_after_two_weeks(inquiry: Inquiry) -> None:
    assert Client().get(path(age(inquiry, 13))).status_code == 200
    late = Client().get(path(age(inquiry, 1)))

    assert late.status_code == 410
    assert "期限" in late.content.decode()
    assert Client().post(path(inquiry), ANSWER).status_code == 410
    assert not Reply.objects.exists()


def test_a_link_that_was_not_made_here_opens_nothing(inquiry: Inquiry) -> None:
    good = inquiries.token(inquiry)
    for bad in (good[:-1], "x" + good, "1", "WzEsMV0." + good.partition(".")[2]):
        answer = Client().get(f"/ask/{bad}/")
        assert answer.status_code == 404
        assert "このリンクは使えません" in answer.content.decode()


def test_a_link_does_not_outlive_a_changed_end(inquiry: Inquiry) -> None:
    before = path(inquiry)
    age(inquiry, 3)

    assert Client().get(before).status_code == 404


def test_many_tries_are_slowed_down(inquiry: Inquiry) -> None:
    statuses = [Client().post(path(inquiry), {}).status_code for _try in range(12)]

    assert statuses[:10] == [422] * 10
    assert statuses[10:] == [429] * 2


def test_other_sites_cannot_post(inquiry: Inquiry) -> None:
    assert Client(enforce_csrf_checks=True).post(path(inquiry), ANSWER).status_code == 403


def test_asking_is_a_contact_and_the_page_has_the_link_and_a_mail(
    organisation: Organisation, inquiry: Inquiry, case: Interruption
) -> None:
    assert organisation.own.events.filter(kind=Kind.SURVEY, direction=Direction.OUT).count() == 1
    page = browser(organisation.representative).get(f"/interruptions/{case.pk}/").content.decode()
    assert inquiries.address(inquiry) in page
    assert "mailto:suzuki%40customer.example.jp?subject=" in page


@pytest.mark.parametrize(
    ("language", "polite"), [("ja", "お世話になっております"), ("en", "Thank you")]
)
def test_the_prepared_mail_is_polite_and_holds_the_link(
    organisation: Organisation, case: Interruption, contact: Contact, language: str, polite: str
) -> None:
    from urllib.parse import unquote

    inquiry = diagnosing.ask_customer(organisation.representative, case, language, contact)

    text = unquote(inquiries.mail(inquiry))

    assert polite in text
    assert inquiries.address(inquiry) in text
    assert COMPANY in text
    assert organisation.own.title not in text


def test_only_who_may_log_asks_and_only_the_customers_people_are_asked(
    organisation: Organisation, case: Interruption
) -> None:
    other = Contact.objects.create(
        customer=organisation.foreign.customer, external_id="X", name="他社"
    )
    with pytest.raises(PermissionDenied):
        diagnosing.ask_customer(organisation.stranger, case, "ja")
    for wrong in ({"language": "fr"}, {"language": "ja", "contact": other}):
        with pytest.raises(ValidationError):
            diagnosing.ask_customer(organisation.representative, case, **wrong)  # type: ignore[arg-type]
    actions.dismiss(organisation.representative, case, "agreed")
    with pytest.raises(ValidationError):
        diagnosing.ask_customer(organisation.representative, case, "ja")
    assert not Inquiry.objects.exists()


def test_the_answer_is_news_until_something_is_done(
    organisation: Organisation, inquiry: Inquiry, case: Interruption
) -> None:
    owner = organisation.representative
    assert not waiting_replies(owner).exists()
    reply = diagnosing.take_reply(inquiry, **ANSWER)
    assert list(waiting_replies(owner)) == [reply]
    assert not waiting_replies(organisation.colleague).exists()
    for place in ("/today/", "/interruptions/"):
        page = browser(owner).get(place).content.decode()
        assert f"/interruptions/{case.pk}/" in page
        assert "質問フォームへの回答がありました" in page

    log_activity(owner, organisation.own, Kind.CALL, direction=Direction.BOTH)

    assert not waiting_replies(owner).exists()
    assert f"/interruptions/{case.pk}/" not in browser(owner).get("/today/").content.decode()


def test_a_mail_goes_to_the_owner_only_where_mail_is_set_up(
    inquiry: Inquiry, settings: Any, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    settings.MAIL_IS_SET_UP = False
    with django_capture_on_commit_callbacks(execute=True):
        reply = diagnosing.take_reply(inquiry, **ANSWER)
    assert mail.outbox == []

    settings.MAIL_IS_SET_UP = True
    from tsunagu.app.interruptions.telling import tell_owner

    tell_owner.enqueue(reply.pk)
    [sent] = mail.outbox
    assert sent.to == [inquiry.case.deal.owner.email]
    assert f"/interruptions/{inquiry.case_id}/" in str(sent.body)
    assert "来期の予算" not in str(sent.body)  # what the customer wrote stays behind the log-in


def test_the_answer_is_kept_as_it_was_given(inquiry: Inquiry) -> None:
    reply = diagnosing.take_reply(inquiry, **ANSWER)
    assert timezone.now() - reply.at < timedelta(minutes=1)
    with pytest.raises(TypeError):
        reply.save()


def test_an_erased_contacts_answer_is_gone_from_case_and_deal(
    organisation: Organisation, inquiry: Inquiry, contact: Contact
) -> None:
    diagnosing.take_reply(inquiry, **ANSWER)

    erase(organisation.administrator, Subject.of(contact))

    reply = Reply.objects.get()
    assert (reply.text, reply.needs, reply.contact_when) == (erased_text(), "", "")
    fact = organisation.own.events.get(kind=Kind.SURVEY, direction=Direction.IN)
    assert fact.text == erased_text()
    inquiry.refresh_from_db()
    assert inquiry.contact is None
    assert reply.choices == ANSWER["choices"]  # what happened stays


def test_an_erased_users_words_about_cases_are_gone(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    diagnosing.record_finding(user, case, "changed", "秘密の話")
    actions.begin_response(user, case, text="秘密のメモ")
    user.is_active = False
    user.save()

    erase(organisation.administrator, Subject.of(user))

    said = [*case.findings.all(), *case.decisions.exclude(text="")]
    assert {row.text for row in said} == {erased_text()}
