"""Who calls: a personal token, an app with OAuth 2.0, or the person's own browser."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf
from oauth2_provider.models import get_access_token_model

from tsunagu.app.exchange.api import limits, scopes, tokens
from tsunagu.app.exchange.api.problems import ProblemError, unauthorized
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Caller:
    """Who calls, with which scopes (None: all), by which token or app (None: the browser)."""

    user: User
    scopes: Iterable[str] | None = None
    token: Model | None = None

    @property
    def through(self) -> str:
        """What acts for the person, in words; empty for nothing."""
        return f"{self.token._meta.label_lower} {self.token.pk}: {self.token}" if self.token else ""

    @property
    def key(self) -> str:
        """For whom calls are counted."""
        return (
            f"{self.token._meta.label_lower}:{self.token.pk}"
            if self.token
            else f"user:{self.user.pk}"
        )


class Token(HttpBearer):
    """A personal token or an app's access token, in the header ``Authorization``."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """The caller behind ``token``.

        Raises:
            ProblemError: it opens nothing, not this, or was used too often.
        """
        found = _personal(token) if token.startswith(tokens.PREFIX) else _of_app(token)
        if found is None:
            raise unauthorized()
        _speak(request, found.user)
        return admit(request, found, self.group)


class Browser(APIKeyCookie):
    """The person's own session; whoever changes something needs the token against forgery."""

    param_name = "tsunagu"

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group

    def __call__(self, request: HttpRequest) -> Caller | None:
        """The person in whose browser the page is open."""
        if not isinstance(request.user, User):
            return None
        if check_csrf(request) is not None:
            raise ProblemError("forbidden", _("The form's protection against forgery is missing."))
        return admit(request, Caller(request.user), self.group)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Not asked: the session's middleware has done that."""
        raise NotImplementedError


def callers(group: Group) -> list[Any]:
    """Who may call operations of ``group``, in the order they are tried."""
    return [Token(group), Browser(group)]


def admit(request: HttpRequest, caller: Caller, group: Group) -> Caller:
    """Count the call, and see that it is within the caller's scopes."""
    left = limits.count_known(caller.key)
    request.allowance = left  # type: ignore[attr-defined]  # for the door, which tells the caller
    if left.remaining < 0:
        raise limits.exceeded(left)
    writes = request.method not in SAFE
    if caller.scopes is not None and not scopes.allows(caller.scopes, group, writes=writes):
        raise _out_of_scope(group.write if writes else group.read)
    request.user = caller.user
    return caller


def _out_of_scope(scope: str) -> ProblemError:
    return ProblemError(
        "scope",
        _("This needs the scope {scope}.").format(scope=scope),
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
    )


def _personal(text: str) -> Caller | None:
    token = tokens.find(text)
    return Caller(token.user, token.scopes, token) if token else None


def _of_app(text: str) -> Caller | None:
    checksum = hashlib.sha256(text.encode()).hexdigest()
    rows = get_access_token_model().objects.select_related("user__team", "application")
    token = rows.filter(token_checksum=checksum, user__is_active=True).first()
    if token is None or token.application is None or token.is_expired():
        return None
    return Caller(token.user, token.scope.split(), token.application)


def _speak(request: HttpRequest, user: User) -> None:
    """A program that names no language hears that of its person."""
    if "Accept-Language" not in request.headers:
        translation.activate(user.language)
