"""A mail goes out once, whatever happens, and the deal knows of it."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import EmailMessage
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact
from tests.app.followup.conftest import written

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Kind
from tsunagu.app.followup import actions, delivery, tasks
from tsunagu.app.followup.models import Mail, Status, Trouble
from tsunagu.app.interruptions.models import Interruption


def no_worker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Nobody takes the mails that are queued."""
    queued: list[int] = []
    monkeypatch.setattr(tasks.deliver.__class__, "enqueue", lambda _task, pk: queued.append(pk))
    return queued


def failing(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        raise failure

    monkeypatch.setattr(EmailMessage, "send", send)


def test_it_goes_to_the_contact_and_answers_come_to_the_writer(
    case: Interruption, contact: Contact
) -> None:
    mail = written(case, contact)

    actions.send(case.deal.owner, mail)

    [sent] = outgoing.outbox
    assert sent.to == ["suzuki@customer.example.jp"]
    assert sent.reply_to == [case.deal.owner.email]
    headers = sent.message()
    assert headers["Message-ID"] == mail.message_id
    assert "sales@tsunagu.example.jp" in str(headers["From"])
    assert (mail.status, mail.error) == (Status.SENT, "")
    fact = case.deal.events.get(kind=Kind.EMAIL)
    assert (fact.direction, fact.value, fact.text) == ("out", None, "ご予算の件")
    assert fact.recorded_by == case.deal.owner


def test_a_letter_counts_as_one(case: Interruption, contact: Contact) -> None:
    mail = written(case, contact, form="letter")

    actions.mark_sent(case.deal.owner, mail)

    assert outgoing.outbox == []
    assert mail.by_hand
    assert case.deal.events.get(kind=Kind.EMAIL).value == "letter"


def test_two_workers_send_it_once(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_worker(monkeypatch)
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)

    assert [delivery.deliver(mail.pk), delivery.deliver(mail.pk)] == [True, False]

    assert len(outgoing.outbox) == 1
    assert case.deal.events.filter(kind=Kind.EMAIL).count() == 1


def test_the_other_worker_finds_it_taken_while_the_first_one_sends(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_worker(monkeypatch)
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    sent = []

    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        sent.append(delivery.deliver(mail.pk))  # the second worker, in the midst of the first
        return 1

    monkeypatch.setattr(EmailMessage, "send", send)

    assert delivery.deliver(mail.pk)
    assert sent == [False]


def test_a_worker_that_is_killed_leaves_a_question_not_a_second_mail(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_worker(monkeypatch)
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    failing(monkeypatch, KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver(mail.pk)
    monkeypatch.undo()
    Mail.objects.update(moved_at=timezone.now() - timedelta(hours=1))

    assert tasks.take_up.func() == 0

    mail.refresh_from_db()
    assert (mail.status, mail.error) == (Status.UNSURE, Trouble.BROKEN)
    assert outgoing.outbox == []


def test_a_mail_whose_worker_never_came_goes_out_later(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_worker(monkeypatch)
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    monkeypatch.undo()
    assert tasks.take_up.func() == 0  # it has not waited for long

    Mail.objects.update(moved_at=timezone.now() - timedelta(hours=1))
    assert tasks.take_up.func() == 1

    mail.refresh_from_db()
    assert mail.status == Status.SENT
    assert len(outgoing.outbox) == 1


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (smtplib.SMTPAuthenticationError(535, b"geheim"), (Status.FAILED, Trouble.LOG_IN)),
        (smtplib.SMTPRecipientsRefused({}), (Status.FAILED, Trouble.ADDRESS)),
        (smtplib.SMTPRecipientsRefused({"a@x": (550, b"no")}), (Status.FAILED, Trouble.ADDRESS)),
        (smtplib.SMTPRecipientsRefused({"a@x": (450, b"")}), (Status.WAITING, Trouble.BUSY)),
        (smtplib.SMTPDataError(451, b"later"), (Status.WAITING, Trouble.BUSY)),
        (ConnectionRefusedError(), (Status.WAITING, Trouble.CONNECTION)),
        (smtplib.SMTPDataError(554, b"no"), (Status.FAILED, Trouble.REFUSED)),
        (TimeoutError(), (Status.UNSURE, Trouble.BROKEN)),
        (smtplib.SMTPServerDisconnected(), (Status.UNSURE, Trouble.BROKEN)),
    ],
)
def test_a_failure_is_told_and_can_be_tried_again(
    case: Interruption,
    contact: Contact,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    outcome: tuple[str, str],
) -> None:
    failing(monkeypatch, failure)
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    assert (mail.status, mail.error) == outcome
    assert not case.deal.events.filter(kind=Kind.EMAIL).exists()
    monkeypatch.undo()

    actions.send(case.deal.owner, mail)

    assert (mail.status, mail.error) == (Status.SENT, "")
    with pytest.raises(ValidationError):
        actions.send(case.deal.owner, mail)
    assert len(outgoing.outbox) == 1


def wait_is_over(mail: Mail) -> None:
    Mail.objects.filter(pk=mail.pk).update(again_at=timezone.now() - timedelta(seconds=1))


def test_a_mail_that_the_server_cannot_take_goes_out_by_itself_once_it_can(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ConnectionRefusedError())
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    assert mail.again_at is not None
    monkeypatch.undo()

    assert tasks.take_up.func() == 0  # its wait is not over
    wait_is_over(mail)
    assert tasks.take_up.func() == 1

    mail.refresh_from_db()
    assert (mail.status, mail.error, mail.again_at) == (Status.SENT, "", None)
    assert case.deal.events.filter(kind=Kind.EMAIL).count() == 1
    assert tasks.take_up.func() == 0


def test_it_waits_longer_and_longer_and_is_given_up_in_the_end(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ConnectionRefusedError())
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    waits = []
    while mail.status == Status.WAITING:
        assert mail.again_at is not None
        waits.append(mail.again_at - mail.moved_at)
        wait_is_over(mail)
        tasks.take_up.func()
        mail.refresh_from_db()
    assert [round(wait / timedelta(minutes=1)) for wait in waits] == [1, 5, 15, 60, 240]
    assert (mail.status, mail.error, mail.tries) == (Status.FAILED, Trouble.CONNECTION, 6)
    assert tasks.take_up.func() == 0

    actions.send(case.deal.owner, mail)
    assert (mail.status, mail.tries) == (Status.WAITING, 1)  # a person begins anew


def test_a_person_who_sends_a_waiting_mail_and_the_clock_send_it_once(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ConnectionRefusedError())
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    monkeypatch.undo()
    queued = no_worker(monkeypatch)
    wait_is_over(mail)
    actions.send(case.deal.owner, mail)
    assert delivery.due_again() == []
    assert [delivery.deliver(pk) for pk in queued * 2] == [True, False]
    assert len(outgoing.outbox) == 1


def test_the_page_says_when_a_mail_waits_and_lets_one_send_it_at_once(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ConnectionRefusedError())
    mail = written(case, contact)
    actions.send(case.deal.owner, mail)
    monkeypatch.undo()
    client = browser(case.deal.owner)
    page = client.get(f"/interruptions/{case.pk}/").text
    assert "再送待ち" in page
    assert "1回試しました" in page
    client.post(f"/followup/{mail.pk}/send/")
    mail.refresh_from_db()
    assert mail.status == Status.SENT


def test_the_log_says_neither_to_whom_nor_what_the_server_answered(
    case: Interruption,
    contact: Contact,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing(monkeypatch, smtplib.SMTPAuthenticationError(535, b"geheim"))
    actions.send(case.deal.owner, written(case, contact))
    assert "SMTPAuthenticationError" in caplog.text
    assert "geheim" not in caplog.text
    assert contact.email not in caplog.text


@pytest.mark.parametrize(
    "words",
    [
        {"subject": "件名\nBcc: x@example.jp"},
        {"subject": "件名\r\nBcc: x@example.jp"},
        {"subject": " "},
        {"body": ""},
        {"body": "＿＿月までに"},
        {"body": "x" * 10_001},
        {"language": "fr"},
    ],
)
def test_what_cannot_go_out_is_refused(
    case: Interruption, contact: Contact, words: dict[str, str]
) -> None:
    with pytest.raises(ValidationError):
        written(case, contact, **words)
    assert not Mail.objects.exists()


def test_only_the_customers_own_people_are_written_to(
    organisation: Organisation, case: Interruption
) -> None:
    for stranger in (make_contact(organisation.foreign.customer, email="x@example.jp"), None):
        with pytest.raises(ValidationError):
            written(case, stranger)


def test_an_address_with_a_header_in_it_is_refused(case: Interruption, contact: Contact) -> None:
    mail = written(case, contact)
    Mail.objects.update(to="a@example.jp\nBcc: b@example.jp")
    mail.refresh_from_db()
    with pytest.raises(ValidationError):
        actions.send(case.deal.owner, mail)
    assert outgoing.outbox == []


def test_a_form_that_is_sent_twice_makes_one_mail(case: Interruption, contact: Contact) -> None:
    words: dict[str, Any] = {"form": "email", "language": "ja", "subject": "件", "body": "本文"}
    owner = case.deal.owner
    made = {actions.write(owner, case, contact=contact, once="1", **words).pk for _ in range(2)}
    assert len(made) == 1


def test_there_is_a_pace(
    case: Interruption, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_AN_HOUR", 2)
    for _ in range(2):
        actions.send(case.deal.owner, written(case, contact))
    with pytest.raises(ValidationError):
        actions.send(case.deal.owner, written(case, contact))
    assert len(outgoing.outbox) == 2


def test_who_may_not_log_may_not_write(
    organisation: Organisation, case: Interruption, contact: Contact
) -> None:
    mail = written(case, contact)
    for act in (actions.send, actions.mark_sent, actions.discard):
        with pytest.raises(PermissionDenied):
            act(organisation.stranger, mail)


def test_a_reply_finds_its_mail(case: Interruption, contact: Contact) -> None:
    first, second = written(case, contact), written(case, contact)
    every = Mail.objects.all()
    assert delivery.match_reply(every, f"<other@x> {first.message_id}", "") == first
    assert delivery.match_reply(every, "", f"<a@x>\n {second.message_id}") == second
    both = f"{first.message_id} {second.message_id}"
    assert delivery.match_reply(every, "", both) == second  # the newest stands last
    assert delivery.match_reply(every, "<nobody@x>", "") is None
    assert delivery.match_reply(Mail.objects.none(), first.message_id, "") is None


def test_an_answer_is_threaded(case: Interruption, contact: Contact) -> None:
    actions.send(case.deal.owner, written(case, contact, in_reply_to="<theirs@x>"))
    headers = outgoing.outbox[0].message()
    assert (headers["In-Reply-To"], headers["References"]) == ("<theirs@x>", "<theirs@x>")


def test_a_draft_can_be_thrown_away_but_not_what_was_sent(
    case: Interruption, contact: Contact
) -> None:
    draft, sent = written(case, contact), written(case, contact)
    actions.send(case.deal.owner, sent)
    actions.discard(case.deal.owner, draft)
    with pytest.raises(ValidationError):
        actions.discard(case.deal.owner, sent)
    assert list(Mail.objects.all()) == [sent]
