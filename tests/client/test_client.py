"""The client against the real server, and against one that is tired."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import polars
import pyarrow as pa
import pytest
from django.core.cache import cache
from django.utils import timezone
from tests.app.api.calling import Program
from tests.app.factories import make_contact, make_organisation

from tsunagu import client
from tsunagu.app.deals.models import Event
from tsunagu.app.exchange.api import describing, urls
from tsunagu.app.interruptions.actions import open_case
from tsunagu.app.webhooks.models import Delivery
from tsunagu.client import ApiError, Tsunagu


@pytest.mark.django_db(transaction=True)
def test_a_program_works_with_a_running_server(live_server: Any, settings: Any) -> None:
    settings.DEALS_CHANGED = settings.DEAL_CHANGED = []
    cache.clear()
    organisation = make_organisation()
    tsunagu = Tsunagu(live_server.url, Program(organisation.operations).text, language="en")

    assert len(list(tsunagu.each("/deals", limit=1))) == 4
    assert {d["title"] for d in tsunagu.deals(fields="title")} >= {organisation.own.title}

    deal, etag = tsunagu.read(f"/deals/{organisation.own.pk}")
    assert tsunagu.patch(f"/deals/{deal['id']}", {"title": "別名"}, etag=etag)["title"] == "別名"
    with pytest.raises(ApiError, match="412 Somebody changed it") as late:
        tsunagu.patch(f"/deals/{deal['id']}", {"title": "遅い"}, etag=etag)
    assert late.value.status == 412

    tsunagu.log_activity(deal["id"], "call", direction="both", at=datetime(2026, 5, 1, tzinfo=UTC))
    assert Event.objects.filter(kind="call").count() == 1

    numbers = [f"V-{n}" for n in range(5)]
    at = ["2026-05-02"] * 4 + ["明日"]
    columns = {"id": numbers, "deal": [organisation.own.external_id] * 5, "at": at}
    for rows, new in ((pa.table(columns), 4), (polars.DataFrame(columns), 0)):
        brought = tsunagu.bulk_upsert("activities", rows, chunk=2)
        assert (brought.new, brought.new + brought.unchanged) == (new, 4)
        assert [row["index"] for row in brought.rejected] == [4]


@pytest.mark.django_db(transaction=True)
def test_a_program_follows_up_on_a_case(live_server: Any, settings: Any) -> None:
    settings.DEALS_CHANGED = settings.DEAL_CHANGED = []
    cache.clear()
    organisation = make_organisation()
    tsunagu = Tsunagu(live_server.url, Program(organisation.operations).text, language="en")
    case = open_case(organisation.operations, organisation.own).pk
    contact = make_contact(organisation.own.customer, email="p@example.jp").pk

    asked = tsunagu.ask_customer(case, contact=contact)
    assert [row["id"] for row in tsunagu.inquiries(state="open")] == [asked["id"]]
    assert tsunagu.inquiry_link(asked["id"]).startswith("http")

    mail = tsunagu.write_mail(case, "件名", "本文", contact=contact)
    assert [row["subject"] for row in tsunagu.mails(case=case)] == ["件名"]
    with pytest.raises(ApiError, match="422 Outgoing mail is not set up"):
        tsunagu.send_mail(mail["id"])

    kept = tsunagu.upload(case, "覚書.txt", b"{not JSON", text="見てください")
    assert tsunagu.download(kept["id"]) == b"{not JSON"
    assert [row["name"] for row in tsunagu.attachments()] == ["覚書.txt"]

    kinds = [row["kind"] for row in tsunagu.events(deal=organisation.own.pk, sort="id")]
    assert kinds[-1] == "survey"
    assert [row["kind"] for row in tsunagu.activities()] == ["survey"]
    assert list(tsunagu.checkpoints(organisation.own.pk)) == []


@pytest.mark.django_db(transaction=True)
def test_a_program_looks_after_webhooks_and_thresholds(live_server: Any, settings: Any) -> None:
    cache.clear()
    organisation = make_organisation()
    process = organisation.own.process_id
    tsunagu = Tsunagu(live_server.url, Program(organisation.operations).text, language="en")

    told = tsunagu.add_webhook("A", "https://a.example.com/", ["deal.ended"])
    message = Delivery.objects.create(
        endpoint_id=told["id"], stream="x", row=1, topic="ping", body={}, dead_at=timezone.now()
    )
    assert [row["name"] for row in tsunagu.webhooks()] == ["A"]
    assert tsunagu.webhook_secret(told["id"]).startswith("whsec_")
    assert [row["id"] for row in tsunagu.deliveries(told["id"], state="dead")] == [message.pk]
    assert tsunagu.send_again(message.pk)["state"] == "waiting"

    set_now = tsunagu.set_thresholds(process, {"silence": 2.5})
    assert {row["kind"]: row["own"] for row in set_now}["silence"] == 2.5
    assert tsunagu.thresholds(process) == set_now


@pytest.mark.parametrize(
    ("noun", "schema"),
    [
        (client.Deal, "DealOut"),
        (client.Interruption, "CaseOut"),
        (client.Risk, "RiskOut"),
        (client.Event, "EventOut"),
        (client.Checkpoint, "CheckpointOut"),
        (client.Inquiry, "InquiryOut"),
        (client.Reply, "ReplyOut"),
        (client.Mail, "MailOut"),
        (client.Attachment, "AttachmentOut"),
        (client.Limit, "LimitOut"),
        (client.Webhook, "EndpointOut"),
        (client.Delivery, "DeliveryOut"),
    ],
)
def test_its_types_have_the_fields_that_are_sent(noun: type, schema: str) -> None:
    described = describing.describe(urls.api)["components"]["schemas"][schema]
    assert list(noun.__annotations__) == list(described["properties"])


class Tired(BaseHTTPRequestHandler):
    """Answers each address with what ``answers`` holds for it, one after the other."""

    answers: ClassVar[list[tuple[int, dict[str, str]]]] = []
    seen: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append(dict(self.headers))
        status, headers = self.answers.pop(0)
        body = json.dumps({"detail": "tired"} if status >= 400 else {"id": 1}).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def tired() -> Iterator[str]:
    Tired.seen = []
    server = HTTPServer(("127.0.0.1", 0), Tired)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_refused_call_is_sent_again_with_the_same_key(tired: str) -> None:
    Tired.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"}), (201, {})]

    assert Tsunagu(tired, "tsu_x").post("/deals", {"title": "x"}) == {"id": 1}

    keys = {headers["Idempotency-Key"] for headers in Tired.seen}
    assert len(Tired.seen) == 3
    assert len(keys) == 1


def test_a_server_that_stays_tired_is_an_error_with_its_words(tired: str) -> None:
    Tired.answers = [(503, {"Retry-After": "0"})] * 3

    with pytest.raises(ApiError, match="503 tired"):
        Tsunagu(tired, "tsu_x", tries=2).post("/deals", {})


def test_what_cannot_be_sent_says_so() -> None:
    with pytest.raises(TypeError, match="a set cannot be sent"):
        Tsunagu("http://127.0.0.1:9", "tsu_x").post("/deals", {"title": {1}})


def test_it_needs_no_django() -> None:
    code = "import sys, tsunagu.client; print('django' in sys.modules, 'pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "False False"


GUIDES = sorted((Path(__file__).parents[2] / "docs/how-to").glob("api*.md"))


@pytest.mark.django_db(transaction=True)
def test_the_guides_examples_run(
    live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEALS_CHANGED = settings.DEAL_CHANGED = []
    organisation = make_organisation()
    monkeypatch.setenv("TSUNAGU_URL", live_server.url)
    monkeypatch.setenv("TSUNAGU_TOKEN", Program(organisation.operations).text)
    for guide in GUIDES:
        (example,) = re.findall(r"(?s)```python\n(.*?)```", guide.read_text(encoding="utf-8"))
        found: dict[str, Any] = {}

        exec(example, found)  # noqa: S102

        assert found["result"].new + found["result"].unchanged == 1, found["result"].rejected
