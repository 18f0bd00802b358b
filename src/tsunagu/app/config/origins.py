"""Sites whose pages may call the API."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def origins(named: str) -> list[str]:
    """The origins in ``named``, with commas between.

    Raises:
        ImproperlyConfigured: one of them is none that a browser could say.
    """
    found = [each.strip().rstrip("/") for each in named.split(",") if each.strip()]
    for each in found:
        parts = urlsplit(each)
        if each != f"{parts.scheme}://{parts.netloc}" or parts.scheme not in {"http", "https"}:
            raise ImproperlyConfigured(
                f"API_ORIGINS: “{each}” is no origin. Write it like https://reports.example.jp."
            )
    return found
