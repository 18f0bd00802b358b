"""The language of the answer."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from tsunagu.app.people.models import User


def language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the person's own language; before the log-in the cookie's or the browser's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = _chosen(request)
        with translation.override(chosen):
            response = get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response

    return middleware


def _chosen(request: HttpRequest) -> str:
    if isinstance(request.user, User):
        return request.user.language
    return translation.get_language_from_request(request) or settings.LANGUAGE_CODE
