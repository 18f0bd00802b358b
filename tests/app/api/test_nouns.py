"""What programs do with inquiries, mails, files, thresholds, webhooks, checkpoints and facts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app import test_walk as pages
from tests.app.api.calling import ROOT, Program
from tests.app.factories import BEGAN, Organisation, make_contact, make_deal

from tsunagu.app.deals.actions import log_activity
from tsunagu.app.deals.models import Event
from tsunagu.app.exchange.api import examples
from tsunagu.app.exchange.api.models import KeptAnswer
from tsunagu.app.exchange.api.webhooks import Wish
from tsunagu.app.followup.models import Mail
from tsunagu.app.interruptions import diagnosing, folding
from tsunagu.app.interruptions.models import Inquiry, OwnThreshold
from tsunagu.app.organisation import erasure
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import AuditEntry
from tsunagu.app.rooms import actions as rooms
from tsunagu.app.rooms import watching
from tsunagu.app.webhooks import actions as webhook_actions
from tsunagu.app.webhooks.models import Delivery, Endpoint


@pytest.fixture
def program(organisation: Organisation) -> Program:
    return Program(organisation.operations)


@pytest.fixture(autouse=True)
def nobody_works(settings: Any) -> None:
    """Tasks wait."""
    backend = "django_tasks.backends.dummy.DummyBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores", "outward"]}}


def ids(program: Program, path: str, **query: Any) -> list[int]:
    return [item["id"] for item in program.get(path, query).json()["items"]]


# ---- questions to customers ---------------------------------------------------------------------


def test_a_program_asks_the_customer_and_reads_the_answer(
    organisation: Organisation, program: Program
) -> None:
    case = folding.begin(organisation.own)
    contact = make_contact(organisation.own.customer)

    said = {"language": "en", "contact": contact.pk}
    made = program.post(f"/interruptions/{case.pk}/inquiries", said)

    assert made.status_code == 201
    assert made.json()["state"] == "open"
    inquiry = Inquiry.objects.get()
    link = program.post(f"/inquiries/{inquiry.pk}/link").json()["link"]
    assert Client().get(urlsplit(link).path).status_code == 200
    diagnosing.take_reply(inquiry, text="The budget was put off")
    read = program.get(made.headers["Location"].removeprefix(ROOT)).json()
    assert read["state"] == "answered"
    assert program.post(f"/inquiries/{inquiry.pk}/link").status_code == 422
    assert read["reply"]["said"] == "The budget was put off"
    assert program.post(f"/inquiries/{inquiry.pk}/withdraw").status_code == 422


def test_inquiries_are_found_by_how_they_stand(
    organisation: Organisation, program: Program
) -> None:
    case = folding.begin(organisation.own)
    forms = [diagnosing.ask_customer(organisation.operations, case, "ja") for _ in range(4)]
    diagnosing.take_reply(forms[0], text="x")
    diagnosing.withdraw_inquiry(organisation.operations, forms[1])
    Inquiry.objects.filter(pk=forms[2].pk).update(expires_at=timezone.now())

    found = {
        state: ids(program, "/inquiries", state=state)
        for state in ("answered", "withdrawn", "expired", "open")
    }

    assert found == {
        state: [form.pk]
        for state, form in zip(("answered", "withdrawn", "expired", "open"), forms, strict=True)
    }
    for state, (pk,) in found.items():
        assert program.get(f"/inquiries/{pk}").json()["state"] == state


def test_a_form_is_not_made_for_another_customers_person(
    organisation: Organisation, program: Program
) -> None:
    case = folding.begin(organisation.own)
    stranger = make_contact(organisation.unshared.customer)

    refused = program.post(f"/interruptions/{case.pk}/inquiries", {"contact": stranger.pk})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "contact"


# ---- mails --------------------------------------------------------------------------------------


def test_a_mail_is_written_sent_by_hand_and_stands_among_the_facts(
    organisation: Organisation, program: Program
) -> None:
    case = folding.begin(organisation.own)
    contact = make_contact(organisation.own.customer, email="p@example.jp")
    said = {"contact": contact.pk, "subject": "件名", "body": "本文"}

    mail = program.post(f"/interruptions/{case.pk}/mails", said).json()
    sent = program.post(f"/mails/{mail['id']}/sent").json()

    assert (mail["status"], mail["to"]) == ("draft", "p@example.jp")
    assert (sent["status"], sent["by_hand"]) == ("sent", True)
    assert ids(program, "/mails", status="sent", deal=organisation.own.pk) == [mail["id"]]
    assert ids(program, "/activities", kind="email") == [Event.objects.get(kind="email").pk]


def test_the_worker_gets_a_mail_that_a_program_sends(
    organisation: Organisation, program: Program, settings: Any
) -> None:
    settings.MAIL_IS_SET_UP = True
    mail = pages.a_mail(organisation)["pk"]

    answer = program.post(f"/mails/{mail}/send", **{"idempotency-key": "1"})

    assert answer.json()["status"] == "queued"
    assert program.post(f"/mails/{mail}/send").status_code == 422


def test_a_mail_is_thrown_away_only_as_it_was_seen(
    organisation: Organisation, program: Program
) -> None:
    mail = pages.a_mail(organisation)["pk"]
    tag = program.get(f"/mails/{mail}").headers["ETag"]
    Mail.objects.filter(pk=mail).update(subject="別の件名")

    assert program.delete(f"/mails/{mail}", **{"if-match": tag}).status_code == 412
    assert program.delete(f"/mails/{mail}", **{"if-match": "*"}).status_code == 204
    assert not Mail.objects.exists()


def test_a_header_cannot_be_added_through_the_subject(
    organisation: Organisation, program: Program
) -> None:
    case = folding.begin(organisation.own)
    said = {"form": "letter", "subject": "x\nBcc: all@example.jp", "body": "x"}

    assert program.post(f"/interruptions/{case.pk}/mails", said).status_code == 422


def test_a_customers_reply_becomes_an_email_from_the_customer_once(
    organisation: Organisation, program: Program
) -> None:
    mail = Mail.objects.get(pk=pages.a_mail(organisation)["pk"])
    said = {
        "message_id": "<1@aoba.example>",
        "sender": "高橋 <takahashi@aoba.example>",
        "references": f"<other@x>\r\n {mail.message_id}",
        "text": "取締役会は12月10日です。",
    }

    for message_id in ("<1@aoba.example>", " <1@aoba.example>\r\n"):
        answer = program.post("/replies", {**said, "message_id": message_id})
        assert answer.json()["id"] == mail.pk

    reply = Event.objects.get(kind="email", deal=organisation.unshared)
    assert (reply.direction, reply.text) == ("in", "取締役会は12月10日です。")
    assert reply.actor is None  # the customer, not the program


def test_long_and_empty_replies_are_taken(organisation: Organisation, program: Program) -> None:
    mail = Mail.objects.get(pk=pages.a_mail(organisation)["pk"])
    said = {"sender": "p@aoba.example", "in_reply_to": mail.message_id}

    for number, text in enumerate(("", "x" * 20_000)):
        answer = program.post("/replies", {**said, "message_id": f"<{number}@x>", "text": text})
        assert answer.status_code == 200

    assert sorted(len(e.text or "") for e in Event.objects.filter(kind="email")) == [0, 10_000]


def test_what_is_no_word_of_the_customers_is_refused(
    organisation: Organisation, program: Program
) -> None:
    mail = Mail.objects.get(pk=pages.a_mail(organisation)["pk"])
    said = {"message_id": "<1@x>", "sender": "p@aoba.example", "in_reply_to": mail.message_id}

    for ours in (
        {"sender": f"同僚 <{organisation.manager.email.upper()}>"},
        {"message_id": mail.message_id},
        {"auto_submitted": "auto-replied"},
    ):
        assert program.post("/replies", {**said, **ours}).status_code == 422

    assert not Event.objects.filter(kind="email").exists()


def test_a_message_that_answers_no_mail_is_refused(program: Program) -> None:
    said = {"message_id": "<1@x>", "sender": "p@aoba.example", "in_reply_to": "<spam@x>"}

    assert program.post("/replies", said).status_code == 404


def test_what_a_customer_replied_goes_with_the_customers_data(
    organisation: Organisation, program: Program
) -> None:
    mail = Mail.objects.get(pk=pages.a_mail(organisation)["pk"])
    said = {"message_id": "<1@x>", "sender": "p@aoba.example", "in_reply_to": mail.message_id}
    assert program.post("/replies", {**said, "text": "秘密"}).status_code == 200
    assert mail.contact

    erasure.erase(organisation.administrator, Subject.of(mail.contact))

    assert not Event.objects.filter(text="秘密").exists()


# ---- files --------------------------------------------------------------------------------------


def upload(program: Program, case: int, name: str, content: bytes) -> Any:
    file = SimpleUploadedFile(name, content)
    return program.client.post(f"{ROOT}/interruptions/{case}/attachments", {"file": file})


def test_a_file_comes_back_as_it_was_sent(organisation: Organisation, program: Program) -> None:
    case = folding.begin(organisation.own)
    content = "覚書".encode()

    made = upload(program, case.pk, "../memo.txt", content)

    assert made.status_code == 201
    shown = made.json()
    assert (shown["name"], shown["kind"], shown["size"]) == ("memo.txt", "txt", len(content))
    fetched = program.get(f"/attachments/{shown['id']}/content")
    assert fetched.getvalue() == content
    assert fetched.headers["Content-Type"] == "application/octet-stream"
    assert fetched.headers["Cache-Control"] == "private, no-store"
    assert ids(program, "/attachments", case=case.pk) == [shown["id"]]

    assert program.delete(f"/attachments/{shown['id']}", **{"if-match": "*"}).status_code == 204
    assert program.get(f"/attachments/{shown['id']}/content").status_code == 404


@pytest.mark.parametrize(
    ("name", "content"), [("a.exe", b"MZ"), ("a.pdf", b"no PDF"), ("a.txt", b"")]
)
def test_programs_keep_no_file_that_the_page_would_not(
    organisation: Organisation, program: Program, name: str, content: bytes
) -> None:
    case = folding.begin(organisation.own)

    assert upload(program, case.pk, name, content).status_code == 422
    assert not case.attachments.exists()


# ---- playbooks and reviews -----------------------------------------------------------------------


def test_an_earlier_version_of_a_playbook_is_taken_up_again(program: Program) -> None:
    said = examples.known()["PlaybookIn"]["content"]
    made = program.post("/playbooks", {"content": {**said, "key": "own"}})
    path = made.headers["Location"].removeprefix(ROOT)
    renamed = {**said, "key": "own", "name": {"ja": "別名", "en": "Other"}}
    program.post(f"{path}/versions", {"content": renamed, "base": 1})
    first = program.get(f"{path}/versions").json()["items"][-1]

    restored = program.post(f"/playbook-versions/{first['id']}/restore").json()

    assert (restored["version"], restored["content"]["name"]) == (3, said["name"])
    assert program.patch(path, {"archived": True}, **{"if-match": "*"}).json()["archived"]


def test_an_improvement_of_a_review_is_changed_as_it_was_seen(organisation: Organisation) -> None:
    manager = Program(organisation.manager)
    review = pages.a_review(organisation)
    path = f"/interruptions/{review.case_id}/review"
    manager.post(f"{path}/correct")
    tag = manager.get(path).headers["ETag"]
    part = f"{path}/improvements/{review.improvements.get().pk}"

    changed = manager.patch(part, {"owner": organisation.colleague.pk}, **{"if-match": tag})
    manager.patch(part, {"text": "別の改善"}, **{"if-match": "*"})

    assert changed.status_code == 200
    improvement = review.improvements.get()
    assert (improvement.owner, improvement.text) == (organisation.colleague, "別の改善")
    for team, status in ((organisation.north, 200), (organisation.south, 422)):
        answer = manager.patch(part, {"team": team.pk}, **{"if-match": "*"})
        assert answer.status_code == status
    assert review.improvements.get().team == organisation.north
    assert manager.delete(part, **{"if-match": tag}).status_code == 412
    assert manager.delete(part, **{"if-match": "*"}).status_code == 204


def test_only_an_improvement_has_somebody_who_does_it(organisation: Organisation) -> None:
    manager = Program(organisation.manager)
    review = pages.a_review(organisation)
    path = f"/interruptions/{review.case_id}/review"
    manager.post(f"{path}/correct")
    lesson = f"{path}/lessons/{review.lessons.get().pk}"

    refused = manager.patch(lesson, {"due_on": "2027-01-01"}, **{"if-match": "*"})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "due_on"


# ---- thresholds ---------------------------------------------------------------------------------


def test_thresholds_are_set_by_those_who_saw_them(
    organisation: Organisation, program: Program
) -> None:
    path = f"/processes/{organisation.own.process_id}/thresholds"
    tag = program.get(path).headers["ETag"]

    changed = program.patch(path, {"own": {"silence": 3.5}}, **{"if-match": tag})
    late = program.patch(path, {"own": {"silence": 1.0}}, **{"if-match": tag})

    own = {limit["kind"]: limit["own"] for limit in changed.json()["limits"]}
    assert own["silence"] == 3.5
    assert late.status_code == 412
    program.patch(path, {"own": {"silence": None}}, **{"if-match": "*"})
    assert not OwnThreshold.objects.exists()


@pytest.mark.parametrize("own", [{"together": 1.5}, {"nonsense": 1}, {"silence": 0}, {}])
def test_a_threshold_that_cannot_be_is_refused(
    organisation: Organisation, program: Program, own: Any
) -> None:
    path = f"/processes/{organisation.own.process_id}/thresholds"

    assert program.patch(path, {"own": own}, **{"if-match": "*"}).status_code == 422
    assert not OwnThreshold.objects.exists()


# ---- webhooks -----------------------------------------------------------------------------------


def test_an_endpoint_is_added_changed_paused_and_removed(program: Program) -> None:
    said = {"name": "A", "url": "https://a.example.com/", "topics": ["deal.ended"]}

    made = program.post("/webhooks", said)
    path = made.headers["Location"].removeprefix(ROOT)
    tag = program.get(path).headers["ETag"]
    changed = program.patch(path, {"name": "B"}, **{"if-match": tag})

    assert changed.json() == {**made.json(), "name": "B"}
    assert program.delete(path, **{"if-match": tag}).status_code == 412
    assert program.post(f"{path}/pause").json()["state"] == "paused"
    assert program.post(f"{path}/resume").json()["state"] == "working"
    assert program.delete(path, **{"if-match": "*"}).status_code == 204
    assert program.get(path).status_code == 404
    said_by = AuditEntry.objects.filter(action="add_webhook").get().through
    assert said_by is not None
    assert str(program.token) in said_by


@pytest.mark.parametrize(
    "url", ["http://a.example.com/", "https://127.0.0.1/", "https://[", "a", "https://u:p@a.jp/"]
)
def test_an_endpoint_that_no_page_takes_is_refused(program: Program, url: str) -> None:
    said = {"name": "A", "url": url, "topics": ["deal.ended"]}

    refused = program.post("/webhooks", said)

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "url"
    assert not Endpoint.objects.exists()


def test_a_secret_is_kept_nowhere_and_changes_on_demand(
    organisation: Organisation, program: Program
) -> None:
    path = f"/webhooks/{pages.an_endpoint(organisation)['pk']}"
    key = {"idempotency-key": "s"}

    shown = program.post(f"{path}/secret", **key)
    program.post(f"{path}/rotate")
    again = program.post(f"{path}/secret", **key)

    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.json()["secret"] != again.json()["secret"]
    assert not KeptAnswer.objects.filter(body__contains="secret").exists()


def test_who_may_only_read_gets_no_secret_and_no_customers_link(
    organisation: Organisation,
) -> None:
    endpoint = f"/webhooks/{pages.an_endpoint(organisation)['pk']}"
    inquiry = f"/inquiries/{pages.a_link(organisation)['inquiry']}"
    reader = Program(organisation.operations, only=["webhooks:read", "cases:read"])

    assert reader.get(endpoint).status_code == reader.get(inquiry).status_code == 200
    assert reader.post(f"{endpoint}/secret").status_code == 403
    assert reader.post(f"{inquiry}/link").status_code == 403


def test_what_was_given_up_is_sent_again(organisation: Organisation, program: Program) -> None:
    place = pages.a_message(organisation)
    path = f"/webhooks/{place['pk']}"
    message = Delivery.objects.get(pk=place["message"])
    message.attempts.create(took=12, status=503, trouble="status", answer="busy")

    assert ids(program, f"{path}/deliveries", state="dead") == [message.pk]
    tries = program.get(f"/deliveries/{message.pk}/attempts").json()["items"]
    assert [(row["status"], row["answer"]) for row in tries] == [(503, "busy")]
    assert program.post(f"/deliveries/{message.pk}/again").json()["state"] == "waiting"
    assert program.post(f"{path}/again").json() == {"messages": 0}


def test_every_topic_of_the_page_can_be_asked_for() -> None:
    assert set(get_args(Wish)) == {topic.value for topic in webhook_actions.CHOICES}


# ---- facts and checkpoints ----------------------------------------------------------------------


def test_facts_of_all_deals_are_ones_own(organisation: Organisation) -> None:
    log_activity(organisation.colleague, organisation.unshared, "call")
    seen = Program(organisation.manager)
    blind = Program(organisation.stranger)

    assert ids(seen, "/activities", deal=organisation.unshared.pk)
    assert not ids(blind, "/activities", deal=organisation.unshared.pk)
    mine = {item["deal"] for item in blind.get("/events").json()["items"]}
    assert organisation.unshared.pk not in mine


def test_facts_are_found_by_kind_and_time_page_by_page(
    organisation: Organisation, program: Program
) -> None:
    at = BEGAN + timedelta(days=1)
    made = [
        log_activity(organisation.operations, deal, "visit", at=at + timedelta(hours=hour))
        for hour, deal in enumerate([organisation.own, organisation.unshared] * 2)
    ]
    query = {
        "kind": "visit",
        "since": (at + timedelta(hours=1)).isoformat(),
        "until": (at + timedelta(hours=3)).isoformat(),
    }

    first = program.get("/events", {**query, "limit": 1}).json()
    second = program.get("/events", {**query, "cursor": first["next"]}).json()

    assert [item["id"] for item in first["items"] + second["items"]] == [made[1].pk, made[2].pk]
    assert second["next"] is None
    assert ids(program, "/activities", sort="-at") == [event.pk for event in reversed(made)]


def test_a_late_fact_is_heard_of_by_who_follows_the_ids(
    organisation: Organisation, program: Program
) -> None:
    log_activity(organisation.operations, organisation.own, "call")
    known = ids(program, "/activities", sort="id")

    late = log_activity(organisation.operations, organisation.own, "visit", at=BEGAN)

    assert ids(program, "/activities", sort="id") == [*known, late.pk]


def test_the_newest_fact_says_how_a_checkpoint_stands(
    organisation: Organisation, program: Program
) -> None:
    deal = organisation.own
    for hour, (name, met) in enumerate([("予算", 0), ("決裁者", 0), ("予算", 1)]):
        at = BEGAN + timedelta(hours=hour + 1)
        Event.objects.create(deal=deal, at=at, kind="checkpoint", value=name, amount=Decimal(met))

    shown = program.get(f"/deals/{deal.pk}/checkpoints").json()["items"]

    assert [(row["name"], row["met"]) for row in shown] == [("決裁者", False), ("予算", True)]
    assert len(ids(program, f"/deals/{deal.pk}/checkpoints", met=True)) == 1
    assert len(ids(program, f"/deals/{deal.pk}/checkpoints", met=False)) == 1


# ---- query counts -------------------------------------------------------------------------------


def several_rows(organisation: Organisation) -> None:
    """Another row of each noun."""
    deal = make_deal(organisation.colleague)
    case = folding.begin(deal)
    contact = make_contact(deal.customer)
    inquiry = diagnosing.ask_customer(organisation.operations, case, "ja", contact)
    diagnosing.take_reply(inquiry, text="x")
    operator = Program(organisation.operations)
    said = {"form": "letter", "contact": contact.pk, "subject": "x", "body": "x"}
    operator.post(f"/interruptions/{case.pk}/mails", said)
    upload(operator, case.pk, "memo.txt", b"x")
    asked = case.advice.create(by=organisation.colleague, text="x", size="small")
    asked.advisers.create(user=organisation.operations)
    watching.watch(organisation.operations, case, wanted=True)
    rooms.write(organisation.colleague, case, "x")
    number = Endpoint.objects.count()
    endpoint = webhook_actions.add(
        organisation.operations,
        name=f"E{number}",
        url="https://a.example.com/",
        topics=["deal.ended"],
    )
    webhook_actions.ping(organisation.operations, endpoint)


@pytest.mark.parametrize(
    "path",
    [
        "/inquiries",
        "/mails",
        "/attachments",
        "/webhooks",
        "/events",
        "/activities",
        "/advice",
        "/notices",
    ],
)
def test_a_longer_list_asks_no_more_queries(
    organisation: Organisation, program: Program, path: str
) -> None:
    several_rows(organisation)
    few = queries(program, path)

    several_rows(organisation)
    several_rows(organisation)

    assert len(ids(program, path)) >= 3
    assert queries(program, path) == few


def queries(program: Program, path: str) -> int:
    program.get(path)
    with CaptureQueriesContext(connection) as seen:
        program.get(path)
    return len(seen)
