"""How operations are registered: what all of them do alike happens here, so none forgets it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.constants import NOT_SET

from tsunagu.app.exchange.api.auth import SAFE, Caller, callers
from tsunagu.app.exchange.api.idempotency import once
from tsunagu.app.exchange.api.nouns import caller_of
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people import audit

View = TypeVar("View", bound=Callable[..., HttpResponse])


class Routes(Router):
    """Operations on nouns of one group.

    The view's name is the operation's id and its address's name. What changes something is one
    transaction, is audited with the token it came through, and acts once where it has a key.
    """

    def __init__(self, group: Group, tag: str) -> None:
        super().__init__(auth=callers(group), tags=[tag])
        self.group = group
        self.add_decorator(_guarded, mode="operation")

    def api_operation(
        self, methods: list[str], path: str, *, response: Any = NOT_SET, **options: Any
    ) -> Callable[[View], View]:
        """Register a view; ``response`` describes its answer."""

        def register(view: View) -> View:
            name = view.__name__
            names = {"operation_id": name, "url_name": name}
            given = {**options, **names, "response": response}
            return super(Routes, self).api_operation(methods, path, **given)(view)

        return register


def _guarded(view: View) -> Callable[..., HttpResponse]:
    @wraps(view)
    def call(request: HttpRequest, **values: Any) -> HttpResponse:
        if request.method in SAFE:
            return view(request, **values)
        caller = caller_of(request)
        with audit.through(caller.through), transaction.atomic():
            if request.method != "POST":
                return _noted(request, caller, view(request, **values))
            return once(
                request, caller.user, lambda: _noted(request, caller, view(request, **values))
            )

    return call


def _noted(request: HttpRequest, caller: Caller, response: HttpResponse) -> HttpResponse:
    """Facts name no token: the call itself is on record beside them."""
    if caller.token is not None:
        said = {"method": request.method, "path": request.path, "status": response.status_code}
        audit.record(caller.user, "api_call", caller.token, after=said)
    return response
