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
    state: str
    state_since: str
    opened_at: str
    main_cause: str | None
    grade: int | None
    strength: float
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
    level: str
    reasons: list[dict[str, Any]]


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
        asked = {k: _word(v) for k, v in (query or {}).items() if v is not None}
        url = f"{self.root}{path}" + (f"?{urlencode(asked)}" if asked else "")
        content = body if isinstance(body, str | None) else json.dumps(body, default=_plain)
        sent = {**self.headers, "Content-Type": "application/json", **(headers or {})}
        answer = self._pool.request(
            method, url, body=content.encode() if content else None, headers=sent
        )
        said = json.loads(answer.data) if answer.data.startswith((b"{", b"[")) else {}
        if answer.status >= 400:
            raise ApiError(answer.status, said)
        return said, answer.headers


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
