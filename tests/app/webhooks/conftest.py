"""A program that is told, on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from tests.app.factories import Organisation

from tsunagu.app.webhooks import actions
from tsunagu.app.webhooks.models import Endpoint


@dataclass
class Receiver:
    """What it heard (headers, body) and what it answers."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]

    @property
    def types(self) -> list[str]:
        return [body["type"] for body in self.bodies]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            found.heard.append((dict(self.headers), self.rfile.read(length)))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    found.url = f"http://127.0.0.1:{server.server_port}/hook?by=tsunagu"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(organisation: Organisation, receiver: Receiver) -> Endpoint:
    """It is told everything."""
    topics = [topic.value for topic in actions.CHOICES]
    return actions.add(organisation.operations, name="基幹", url=receiver.url, topics=topics)
