"""What every answer carries."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the user interface kit draws its marks as data
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
"""Only our own files: no inline script or style, nothing from other sites."""

FORMS = "form-action 'self'"
"""Forms go to us, and on to the ``form_targets`` of an answer: an app that asked for consent."""


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that forbids browsers to run or load anything that is not ours."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        forms = " ".join([FORMS, *getattr(response, "form_targets", ())])
        response.headers.setdefault("Content-Security-Policy", f"{POLICY}; {forms}")
        return response

    return middleware
