"""One try: sends a message and tells how it went. Knows no database."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpcore

from tsunagu import __version__
from tsunagu.app.webhooks.addresses import (
    CheckedNetwork,
    PrivateAddressError,
    UnknownHostError,
)
from tsunagu.app.webhooks.models import Trouble

PATIENCE = 10.0
"""Seconds for the connection, and for each part of the answer."""

MOST_SECONDS = 20.0
MOST_ANSWER = 500
"""Bytes of the answer that are read."""

GONE = 410


@dataclass(frozen=True)
class Result:
    """How a try went: milliseconds, status, what was wrong, and the answer's beginning."""

    took: int
    status: int | None = None
    trouble: str = ""
    answer: str = ""
    wait: timedelta | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the program took the message."""
        return not self.trouble

    @property
    def is_gone(self) -> bool:
        """Whether the program wants no message any more."""
        return self.status == GONE


def send(url: str, body: bytes, headers: dict[str, str]) -> Result:
    """Post ``body`` to ``url``; follows no redirection."""
    began = time.monotonic()
    try:
        status, answer, wait = _post(url, body, headers, began + MOST_SECONDS)
    except Exception as failure:
        trouble = _trouble(failure)
        if trouble is None:
            raise
        return Result(_since(began), trouble=trouble)
    return Result(_since(began), status, _of_status(status), answer, wait)


def _post(
    url: str, body: bytes, headers: dict[str, str], until: float
) -> tuple[int, str, timedelta | None]:
    sent = {"Content-Type": "application/json", "User-Agent": f"Tsunagu/{__version__}", **headers}
    timeouts = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)}
    options: Any = {"headers": list(sent.items()), "content": body, "extensions": timeouts}
    with (
        httpcore.ConnectionPool(network_backend=CheckedNetwork()) as pool,
        pool.stream("POST", url, **options) as response,
    ):
        return response.status, _beginning(response, until), _asked_wait(response)


def _beginning(response: httpcore.Response, until: float) -> str:
    """The answer's first bytes; a program that trickles is left after a while."""
    got = b""
    for chunk in response.iter_stream():
        got += chunk
        if len(got) >= MOST_ANSWER or time.monotonic() > until:
            break
    return got[:MOST_ANSWER].decode(errors="replace").replace("\x00", "")


def _asked_wait(response: httpcore.Response) -> timedelta | None:
    """How long the program asks us to wait (Retry-After in seconds), at most a day."""
    said = {name.lower(): value for name, value in response.headers}.get(b"retry-after", b"")
    return timedelta(seconds=min(int(said), 86_400)) if said.isdigit() else None


def _of_status(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return Trouble.REDIRECT if 300 <= status < 400 else Trouble.STATUS


def _trouble(failure: Exception) -> Trouble | None:
    """What went wrong; None: our own mistake."""
    match failure:
        case PrivateAddressError():
            return Trouble.PRIVATE
        case UnknownHostError():
            return Trouble.UNKNOWN
        case httpcore.TimeoutException():
            return Trouble.TIMEOUT
        case httpcore.ConnectError() if isinstance(failure.__cause__, ssl.SSLError):
            return Trouble.TLS
        case httpcore.NetworkError() | httpcore.ProtocolError() | OSError():
            return Trouble.CONNECTION
    return None


def _since(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
