"""Signs messages as https://www.standardwebhooks.com says, so that ready libraries check them.

An endpoint's secret is stored nowhere: it is made of the installation's own key and the endpoint's
salt. Who reads the database alone can forge nothing; another ``SECRET_KEY`` makes other secrets.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable

from django.conf import settings

PREFIX = "whsec_"


def secret(salt: str) -> str:
    """The secret that the receiver keeps."""
    return PREFIX + base64.b64encode(_key(salt)).decode()


def headers(message: str, seconds: int, body: bytes, salts: Iterable[str]) -> dict[str, str]:
    """The headers with which ``body`` travels: its id, when, and a signature for each salt."""
    content = f"{message}.{seconds}.".encode() + body
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{_signature(salt, content)}" for salt in salts),
    }


def _signature(salt: str, content: bytes) -> str:
    return base64.b64encode(hmac.digest(_key(salt), content, "sha256")).decode()


def _key(salt: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"webhook:" + salt.encode(), "sha256")
