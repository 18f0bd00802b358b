"""A small client of Tsunagu's API, for scripts and other programs. It needs no Django.

.. code-block:: python

    from tsunagu.client import Tsunagu

    tsunagu = Tsunagu("https://tsunagu.example.jp", "tsu_…")
    for deal in tsunagu.deals(sort="-amount"):
        print(deal["title"], deal["amount"])
    result = tsunagu.bulk_upsert("activities", rows)

Pages are followed by itself. Calls that were refused because of too many (429) or because the
server rests (503), or whose answer was lost, are sent again with growing pauses; a key sent along
with each POST sees to it that such a call acts once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, TypedDict, cast
from urllib.parse import urlencode

import urllib3

ROWS_A_CALL = 10_000
PAGE = 200

Row = Mapping[str, Any]
Kind = Literal["customers", "contacts", "deals", "activities", "stages"]


class Named(TypedDict):
    """A row that another one names."""

    id: int
    name: str


class Deal(TypedDict, total=False):
    """A running or ended sale; with ``fields`` only some of it is there. Sums are texts."""

    id: int
    external_id: str
    title: str
    customer: Named
    owner: Named
    team: int | None
    process: int
    stage: Named | None
    stage_since: str | None
    amount: str | None
    close_date: str | None
    next_step_on: str | None
    last_activity_at: str | None
    outcome: Literal["won", "broken_off", "lost"] | None
    ended_at: str | None
    shared: bool
    attributes: dict[str, Any]
    created_at: str
    changed_at: str


class Interruption(TypedDict, total=False):
    """A deal's break, from the first suspicion to its end."""

    id: int
    deal: Named
    customer: Named
    owner: Named
    number: int
    state: str
    state_since: str
    opened_at: str
    confirmed_at: str | None
    closed_at: str | None
    main_cause: str | None
    grade: int | None
    signal_count: int
    strength: float
    last_signal_at: str | None
    value: str | None


class Risk(TypedDict, total=False):
    """How likely a deal is to break off, and why."""

    id: int
    deal: Named
    at: str
    risk_7: float
    risk_14: float
    risk_30: float
    risk_60: float
    risk_90: float
    won_30: float
    lost_30: float
    level: str
    reasons: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    next_steps: list[dict[str, Any]]
    source: str
    worth: float
    stale: bool


class Event(TypedDict, total=False):
    """A fact about a deal, such as an activity."""

    id: int
    deal: int
    at: str
    kind: str
    value: str | None
    amount: str | None
    actor: str | None
    direction: Literal["in", "out", "both"] | None
    text: str | None
    recorded_at: str


class Checkpoint(TypedDict, total=False):
    """How a deal stands with a checkpoint."""

    id: int
    deal: int
    name: str
    met: bool
    at: str


class Reply(TypedDict):
    """What a customer answered."""

    at: str
    choices: list[str]
    said: str
    text: str
    needs: str
    contact_by: str
    contact_when: str


class Inquiry(TypedDict, total=False):
    """A question form for a customer."""

    id: int
    case: int
    contact: Named | None
    language: Literal["ja", "en"]
    state: Literal["open", "answered", "withdrawn", "expired"]
    made_by: Named
    made_at: str
    expires_at: str
    withdrawn_at: str | None
    reply: Reply | None


class Mail(TypedDict, total=False):
    """An e-mail or letter to a customer."""

    id: int
    case: int
    form: Literal["email", "letter"]
    contact: Named | None
    to: str
    language: Literal["ja", "en"]
    subject: str
    body: str
    status: str
    by_hand: bool
    error: str
    made_by: Named
    made_at: str
    sent_at: str | None
    again_at: str | None


class Attachment(TypedDict, total=False):
    """A file on a case."""

    id: int
    case: int
    name: str
    kind: str
    size: int
    by: Named
    at: str


class Limit(TypedDict):
    """The threshold of a kind of signal."""

    kind: str
    name: str
    unit: str
    shipped: float
    learned: float
    own: float | None


class Webhook(TypedDict, total=False):
    """An address that is told what happens."""

    id: int
    name: str
    url: str
    topics: list[str]
    state: Literal["working", "failing", "paused", "stopped"]
    made_by: int
    made_at: str
    rotated_at: str | None


class Delivery(TypedDict, total=False):
    """One message for one webhook."""

    id: int
    endpoint: int
    message: str
    topic: str
    body: dict[str, Any]
    state: Literal["waiting", "delivered", "dead"]
    tries: int
    made_at: str
    due_at: str | None
    delivered_at: str | None
    dead_at: str | None


class ApiError(Exception):
    """The server refused; ``problem`` is what it said (RFC 9457), in the language asked for."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('detail') or problem.get('title') or ''}".strip())
        self.status, self.problem = status, problem


@dataclass
class Brought:
    """What came of many rows; ``index`` of a rejected one counts from the first row of all."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    imports: list[int] = field(default_factory=list)


class Tsunagu:
    """Talks to one installation with one token.

    Args:
        url: where it is, such as ``https://tsunagu.example.jp``.
        token: a personal token, or an app's access token.
        language: of what is said about problems, ``ja`` or ``en``; by default the person's own.
        timeout: seconds that one try may take.
        tries: how often a call is sent again.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        language: str | None = None,
        timeout: float = 60.0,
        tries: int = 6,
    ) -> None:
        self.root = f"{url.rstrip('/')}/api/v1"
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if language:
            self.headers["Accept-Language"] = language
        self.retries = urllib3.Retry(
            total=tries,
            redirect=0,
            status_forcelist=(429, 503),
            allowed_methods=None,  # also POST: its key makes a repetition safe
            backoff_factor=0.5,
            raise_on_status=False,
        )
        self._pool = urllib3.PoolManager(timeout=timeout, retries=self.retries)

    # ---- any noun -----------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        """What stands at ``path``, such as ``/deals/7``.

        Raises:
            ApiError: the server refused.
        """
        return self._call("GET", path, query)[0]

    def read(self, path: str, **query: Any) -> tuple[Any, str]:
        """Likewise, with its ETag, which :meth:`patch` and :meth:`delete` take."""
        content, headers = self._call("GET", path, query)
        return content, headers["ETag"]

    def each(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(path, **{"limit": PAGE, **query, "cursor": cursor})
            yield from page["items"]
            cursor = page["next"]

    def post(self, path: str, said: Any = None, *, key: str | None = None) -> Any:
        """Do something, once; ``key``: by which a later try of yours is known to be the same."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self._call("POST", path, body=said or {}, headers=headers)[0]

    def patch(self, path: str, said: Row, *, etag: str) -> Any:
        """Change the row that had ``etag`` when it was read; ``*``: whatever it is now."""
        return self._call("PATCH", path, body=said, headers={"If-Match": etag})[0]

    def delete(self, path: str, *, etag: str) -> None:
        """Remove the row, likewise."""
        self._call("DELETE", path, headers={"If-Match": etag})

    # ---- nouns of every day -------------------------------------------------------------------

    def deals(self, **query: Any) -> Iterator[Deal]:
        """Running deals that you may see; ``status="all"`` for the ended ones too."""
        return cast(Iterator[Deal], self.each("/deals", **query))

    def interruptions(self, **query: Any) -> Iterator[Interruption]:
        """Interruptions that you may see."""
        return cast(Iterator[Interruption], self.each("/interruptions", **query))

    def risks(self, **query: Any) -> Iterator[Risk]:
        """Risks of open deals, the highest first."""
        return cast(Iterator[Risk], self.each("/risks", **query))

    def log_activity(self, deal: int, kind: str, **said: Any) -> dict[str, Any]:
        """Log a call, visit, e-mail, … on a deal; it happened ``at``, by default now."""
        made: dict[str, Any] = self.post(f"/deals/{deal}/activities", {"kind": kind, **said})
        return made

    def events(self, **query: Any) -> Iterator[Event]:
        """Facts of all deals that you may see; ``sort="id"``: in the order they became known."""
        return cast(Iterator[Event], self.each("/events", **query))

    def activities(self, **query: Any) -> Iterator[Event]:
        """Likewise, what people did: calls, visits, e-mails, …"""
        return cast(Iterator[Event], self.each("/activities", **query))

    def checkpoints(self, deal: int, **query: Any) -> Iterator[Checkpoint]:
        """How a deal stands with its checkpoints."""
        return cast(Iterator[Checkpoint], self.each(f"/deals/{deal}/checkpoints", **query))

    def inquiries(self, **query: Any) -> Iterator[Inquiry]:
        """Question forms; ``state="answered"`` for those with a reply."""
        return cast(Iterator[Inquiry], self.each("/inquiries", **query))

    def ask_customer(
        self, case: int, *, language: str = "ja", contact: int | None = None
    ) -> Inquiry:
        """Make a question form about a case; :meth:`inquiry_link` is for the customer."""
        said = {"language": language, "contact": contact}
        return cast(Inquiry, self.post(f"/interruptions/{case}/inquiries", said))

    def inquiry_link(self, inquiry: int) -> str:
        """What the customer opens to answer; whoever has it can."""
        return cast(str, self.post(f"/inquiries/{inquiry}/link")["link"])

    def mails(self, **query: Any) -> Iterator[Mail]:
        """E-mails and letters about interruptions."""
        return cast(Iterator[Mail], self.each("/mails", **query))

    def write_mail(self, case: int, subject: str, body: str, **said: Any) -> Mail:
        """Write to the customer about a case, to a ``contact``; :meth:`send_mail` sends it."""
        content = {"subject": subject, "body": body, **said}
        return cast(Mail, self.post(f"/interruptions/{case}/mails", content))

    def send_mail(self, mail: int) -> Mail:
        """Let the server send it, within moments."""
        return cast(Mail, self.post(f"/mails/{mail}/send"))

    def take_reply(self, message_id: str, sender: str, text: str, **headers: Any) -> Mail:
        """Hand in what a customer replied, with its ``in_reply_to`` and ``references``.

        Returns the mail that it answers.
        """
        content = {"message_id": message_id, "sender": sender, "text": text, **headers}
        return cast(Mail, self.post("/replies", content))

    def attachments(self, **query: Any) -> Iterator[Attachment]:
        """Files on cases."""
        return cast(Iterator[Attachment], self.each("/attachments", **query))

    def download(self, attachment: int) -> bytes:
        """A file's content."""
        return self._sent("GET", f"/attachments/{attachment}/content", {}).data

    def upload(self, case: int, name: str, content: bytes, *, text: str = "") -> Attachment:
        """Keep a file on a case, with a word to the team about it."""
        body, kind = urllib3.encode_multipart_formdata({"text": text, "file": (name, content)})
        headers = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": kind}
        path = f"/interruptions/{case}/attachments"
        return cast(Attachment, self._call("POST", path, body=body, headers=headers)[0])

    def thresholds(self, process: int) -> list[Limit]:
        """From which measure on a signal is raised in a process, by kind."""
        return cast(list[Limit], self.get(f"/processes/{process}/thresholds")["limits"])

    def set_thresholds(self, process: int, own: Mapping[str, float | None]) -> list[Limit]:
        """Set some; None leaves a kind to what is learned."""
        path = f"/processes/{process}/thresholds"
        return cast(list[Limit], self.patch(path, {"own": own}, etag="*")["limits"])

    def webhooks(self) -> Iterator[Webhook]:
        """Addresses that are told what happens."""
        return cast(Iterator[Webhook], self.each("/webhooks"))

    def add_webhook(self, name: str, url: str, topics: Iterable[str]) -> Webhook:
        """Tell another address; :meth:`webhook_secret` is what its messages are signed with."""
        said = {"name": name, "url": url, "topics": list(topics)}
        return cast(Webhook, self.post("/webhooks", said))

    def webhook_secret(self, webhook: int) -> str:
        """Its present secret."""
        return cast(str, self.post(f"/webhooks/{webhook}/secret")["secret"])

    def deliveries(self, webhook: int, **query: Any) -> Iterator[Delivery]:
        """Its log, the newest first; ``state="dead"`` for what was given up."""
        return cast(Iterator[Delivery], self.each(f"/webhooks/{webhook}/deliveries", **query))

    def send_again(self, delivery: int) -> Delivery:
        """Try a message again."""
        return cast(Delivery, self.post(f"/deliveries/{delivery}/again"))

    def bulk_upsert(
        self,
        kind: Kind,
        rows: Any,
        *,
        all_or_nothing: bool = False,
        create_missing: bool = False,
        chunk: int = ROWS_A_CALL,
    ) -> Brought:
        """Make or change many rows by their own numbers, in calls of ``chunk`` rows.

        Args:
            rows: an iterable of mappings, or an Arrow table (or whatever gives itself as one).
            all_or_nothing: a row that cannot be taken stops its whole call, with an ApiError;
                calls before it stand.
            create_missing: make people and stages that rows name and that are not known.
        """
        query = {"all_or_nothing": all_or_nothing, "create_missing": create_missing}
        brought, sent = Brought(), 0
        for part in _parts(rows, min(chunk, ROWS_A_CALL)):
            lines = "\n".join(json.dumps(row, default=_plain) for row in part)
            headers = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/x-ndjson"}
            said, _ = self._call("POST", f"/bulk/{kind}", query, lines, headers)
            _count(brought, said, sent)
            sent += len(part)
        return brought

    # ---- the call -----------------------------------------------------------------------------

    def _call(
        self,
        method: str,
        path: str,
        query: Row | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        answer = self._sent(method, path, query or {}, body, headers)
        said = json.loads(answer.data) if answer.data.startswith((b"{", b"[")) else {}
        return said, answer.headers

    def _sent(
        self,
        method: str,
        path: str,
        query: Row,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        asked = {k: _word(v) for k, v in query.items() if v is not None}
        url = f"{self.root}{path}" + (f"?{urlencode(asked)}" if asked else "")
        sent = {**self.headers, "Content-Type": "application/json", **(headers or {})}
        answer = self._pool.request(method, url, body=_content(body), headers=sent)
        if answer.status >= 400:
            raise ApiError(answer.status, _problem(answer.data))
        return answer


def _content(body: Any) -> bytes | None:
    """The body as it is sent; texts and bytes as they are, empty ones not at all."""
    if isinstance(body, bytes):
        return body
    text = body if isinstance(body, str | None) else json.dumps(body, default=_plain)
    return text.encode() if text else None


def _problem(data: bytes) -> dict[str, Any]:
    """What the server said; nothing where something between us and it spoke."""
    said = json.loads(data) if data.startswith(b"{") else {}
    return cast(dict[str, Any], said)


def _parts(rows: Any, size: int) -> Iterator[list[Row]]:
    """``rows`` in lists of ``size``; a table is read batch by batch."""
    if hasattr(rows, "__arrow_c_stream__"):
        import pyarrow as pa

        batches = pa.table(rows).to_batches(max_chunksize=size)
        rows = (row for batch in batches for row in batch.to_pylist())
    waiting: Iterator[Row] = iter(cast(Iterable[Row], rows))
    while part := list(islice(waiting, size)):
        yield part


def _count(brought: Brought, said: dict[str, Any], before: int) -> None:
    counts = said["counts"]
    brought.new += counts["new"]
    brought.changed += counts["changed"]
    brought.unchanged += counts["unchanged"]
    brought.rejected += [{**row, "index": row["index"] + before} for row in said["rejected"]]
    if said["import_id"] is not None:
        brought.imports.append(said["import_id"])


def _word(value: Any) -> str:
    """As an address takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _plain(value: Any) -> Any:
    """What JSON does not know: days and moments, exact sums."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be sent: give a text or a number")
