"""Errors as problem details (RFC 9457), in the caller's language."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    ValidationError,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as MalformedError
from pydantic import BaseModel, Field

from tsunagu.app.deals.offers import ReasonWantedError

log = logging.getLogger("tsunagu.api")

MEDIA_TYPE = "application/problem+json"
DOCS = "/api/v1/docs/#"


class FieldError(BaseModel):
    """What is wrong with one part of the call."""

    field: str = Field(description="Where: the body's or the query's field; empty for the whole.")
    message: str = Field(description="What is wrong, in the caller's language.")


class Problem(BaseModel):
    """Why a call was refused (RFC 9457)."""

    type: str = Field(description="The kind of problem, as an address of this documentation.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The status code, once more.")
    detail: str = Field(description="What happened and what to do, in the caller's language.")
    errors: list[FieldError] = Field(default=[], description="Each fault, where there are several.")


TITLES: dict[str, tuple[int, Promise]] = {
    "malformed": (400, gettext_lazy("The call cannot be read")),
    "unauthorized": (401, gettext_lazy("Who calls is not known")),
    "forbidden": (403, gettext_lazy("This is not allowed")),
    "scope": (403, gettext_lazy("The token does not allow this")),
    "not-found": (404, gettext_lazy("There is no such thing")),
    "method": (405, gettext_lazy("This cannot be done here")),
    "changed": (412, gettext_lazy("It was changed in the meantime")),
    "too-large": (413, gettext_lazy("This is too much at once")),
    "invalid": (422, gettext_lazy("Something in the call is wrong")),
    "reason-wanted": (422, gettext_lazy("A reason is wanted")),
    "key-reused": (422, gettext_lazy("The idempotency key was used for another call")),
    "precondition": (428, gettext_lazy("Say which version you change")),
    "too-many": (429, gettext_lazy("Too many calls")),
    "broken": (500, gettext_lazy("Something went wrong that should not have")),
}
"""Every kind of problem: its status and its title."""


class ProblemError(Exception):
    """Ends the call with this problem; ``kind`` is a key of :data:`TITLES`."""

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: list[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(kind)
        self.kind, self.detail = kind, detail
        self.errors, self.headers, self.more = errors or [], headers or {}, more


def answer(problem: ProblemError) -> HttpResponse:
    """The problem as it is sent."""
    status, title = TITLES[problem.kind]
    said = Problem(
        type=f"{DOCS}{problem.kind}",
        title=str(title),
        status=status,
        detail=problem.detail,
        errors=problem.errors,
    )
    body = json.dumps({**said.model_dump(), **problem.more}, ensure_ascii=False)
    response = HttpResponse(body, status=status, content_type=MEDIA_TYPE)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def wrong(field: str, message: str) -> ProblemError:
    """One field is wrong."""
    return ProblemError("invalid", message, [FieldError(field=field, message=message)])


def not_found() -> ProblemError:
    """There is no such row, or the caller may not see it."""
    return ProblemError(
        "not-found", _("There is nothing at this address, or it is not for you to see.")
    )


def unauthorized() -> ProblemError:
    """Nobody, or with a token that opens nothing."""
    return ProblemError(
        "unauthorized",
        _("Send a valid token as “Authorization: Bearer …”. Tokens are made in the settings."),
        headers={"WWW-Authenticate": 'Bearer realm="Tsunagu"'},
    )


def of_refusal(refused: ValidationError) -> ProblemError:
    """An action's refusal."""
    kind = "reason-wanted" if isinstance(refused, ReasonWantedError) else "invalid"
    if not hasattr(refused, "error_dict"):
        return ProblemError(kind, " ".join(refused.messages))
    errors = [
        FieldError(field="" if name == NON_FIELD_ERRORS else name, message=message)
        for name, messages in refused.message_dict.items()
        for message in messages
    ]
    return ProblemError(kind, " ".join(error.message for error in errors), errors)


def of_malformed(malformed: MalformedError) -> ProblemError:
    """Fields of a wrong shape."""
    errors = [
        FieldError(field=_place(each["loc"]), message=_words(each)) for each in malformed.errors
    ]
    told = " ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors[:3])
    return ProblemError("invalid", told, errors)


def _place(loc: tuple[Any, ...]) -> str:
    """``("body", "said", "amount")`` is ``amount``: the second name is our parameter's."""
    source, *rest = loc
    inner = rest[1:] if source == "body" and len(rest) > 1 else rest
    return ".".join(str(part) for part in inner)


_MESSAGES: dict[str, Promise] = {
    "missing": gettext_lazy("This is missing."),
    "extra_forbidden": gettext_lazy("There is no such field."),
    "string_type": gettext_lazy("Give a text."),
    "string_too_long": gettext_lazy("This text is too long."),
    "string_too_short": gettext_lazy("This text is too short."),
    "int_type": gettext_lazy("Give a whole number."),
    "int_parsing": gettext_lazy("Give a whole number."),
    "int_from_float": gettext_lazy("Give a whole number."),
    "bool_type": gettext_lazy("Give true or false."),
    "bool_parsing": gettext_lazy("Give true or false."),
    "decimal_type": gettext_lazy("Give a number."),
    "decimal_parsing": gettext_lazy("Give a number."),
    "decimal_max_digits": gettext_lazy("This number has too many digits."),
    "decimal_max_places": gettext_lazy("This number has too many digits."),
    "date_type": gettext_lazy("Give a day such as 2026-11-28."),
    "date_parsing": gettext_lazy("Give a day such as 2026-11-28."),
    "date_from_datetime_parsing": gettext_lazy("Give a day such as 2026-11-28."),
    "datetime_type": gettext_lazy("Give a moment such as 2026-11-28T09:30:00+09:00."),
    "datetime_parsing": gettext_lazy("Give a moment such as 2026-11-28T09:30:00+09:00."),
    "datetime_from_date_parsing": gettext_lazy("Give a moment such as 2026-11-28T09:30:00+09:00."),
    "timezone_aware": gettext_lazy("Give a moment such as 2026-11-28T09:30:00+09:00."),
    "enum": gettext_lazy("This is none of the possible values: {expected}."),
    "literal_error": gettext_lazy("This is none of the possible values: {expected}."),
    "list_type": gettext_lazy("Give a list."),
    "dict_type": gettext_lazy("Give an object."),
    "model_attributes_type": gettext_lazy("Give an object."),
    "greater_than_equal": gettext_lazy("This number is too small."),
    "less_than_equal": gettext_lazy("This number is too large."),
}


def _words(error: Mapping[str, Any]) -> str:
    words = _MESSAGES.get(error["type"])
    if words is None:
        return _("This value cannot be used.")
    return str(words).format(**{"expected": "", **error.get("ctx", {})})


def handle(api: NinjaAPI) -> None:
    """Let every way in which a call can fail end in a problem."""

    def on(error: type[Exception], make: Callable[[Any], ProblemError]) -> None:
        def refuse(request: HttpRequest, raised: Any) -> HttpResponse:
            return answer(make(raised))

        api.add_exception_handler(error, refuse)

    on(ProblemError, lambda raised: raised)
    on(Http404, lambda _raised: not_found())
    on(AuthenticationError, lambda _raised: unauthorized())
    on(PermissionDenied, lambda raised: ProblemError("forbidden", str(raised)))
    on(ValidationError, of_refusal)
    on(MalformedError, of_malformed)
    on(HttpError, _of_ninja)
    on(RequestDataTooBig, lambda _raised: ProblemError("too-large", _("Send less at once.")))
    api.add_exception_handler(Exception, _broken)


def _of_ninja(raised: HttpError) -> ProblemError:
    """The framework's own refusals: a body that is no JSON."""
    if raised.status_code == HTTPStatus.FORBIDDEN:
        return ProblemError("forbidden", _("The form's protection against forgery is missing."))
    return ProblemError("malformed", _("The body is no JSON that can be read."))


def _broken(request: HttpRequest, raised: Any) -> HttpResponse:
    log.error("%s %s broke", request.method, request.path, exc_info=raised)
    return answer(
        ProblemError("broken", _("Try again. If it fails again, ask for a look into the log."))
    )
