"""How tests call the API: as a program with a token."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from tsunagu.app.exchange.api import scopes, tokens
from tsunagu.app.people.models import User

ROOT = "/api/v1"


class Program:
    """Calls with a token of ``user``."""

    def __init__(self, user: User, only: Iterable[str] | None = None, **headers: str) -> None:
        until = timezone.now() + timedelta(days=30)
        wanted = scopes.known() if only is None else only
        self.token, self.text = tokens.create_token(
            user, name="試験", scopes=wanted, expires_at=until
        )
        self.client = Client(headers={"authorization": f"Bearer {self.text}", **headers})

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.client.get(ROOT + path, query or {}, headers=headers)

    def post(self, path: str, said: Any = None, **headers: str) -> Any:
        return self._send("post", path, said, headers)

    def patch(self, path: str, said: Any, **headers: str) -> Any:
        return self._send("patch", path, said, headers)

    def put(self, path: str, said: Any, **headers: str) -> Any:
        return self._send("put", path, said, headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.client.delete(ROOT + path, headers=headers)

    def _send(self, method: str, path: str, said: Any, headers: dict[str, str]) -> Any:
        body = json.dumps({} if said is None else said)
        send = getattr(self.client, method)
        return send(ROOT + path, body, content_type="application/json", headers=headers)
