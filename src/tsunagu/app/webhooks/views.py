"""Pages of webhooks: the endpoints, one of them with its log, one message with its tries."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person
from tsunagu.app.webhooks import actions, queries, signing
from tsunagu.app.webhooks.forms import EndpointForm
from tsunagu.app.webhooks.models import Delivery, DeliveryState, Endpoint, Topic

STEPS: dict[str, tuple[Callable[[User, Endpoint], object], str | Promise]] = {
    "pause": (actions.pause, gettext_lazy("Messages are kept here until you resume.")),
    "resume": (actions.resume, gettext_lazy("Messages go out again.")),
    "rotate": (
        actions.rotate,
        gettext_lazy("There is a new secret. The old one signs beside it for 24 hours."),
    ),
    "ping": (actions.ping, gettext_lazy("A test message is on its way.")),
    "again": (actions.send_again, gettext_lazy("What was given up is sent again.")),
    "remove": (actions.remove, gettext_lazy("The endpoint is removed.")),
}
"""What a button on an endpoint's page does, and the words afterwards."""


@require_GET
def endpoints(request: HttpRequest) -> HttpResponse:
    """The list of endpoints."""
    _allowed(request)
    page = page_of(queries.endpoints(), request.GET.get("page"))
    return render_list(request, "webhooks/list.html", "webhooks/_table.html", {"page": page})


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new endpoint."""
    form = EndpointForm(_allowed(request), data=request.POST or None)
    if request.method == "POST" and form.act():
        messages.success(request, _("The endpoint is added. Give the program its secret now."))
        return redirect("webhooks:show", form.done.pk)
    status = 422 if form.errors else 200
    return render(request, "webhooks/add.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One endpoint: how it stands, its fields, its log."""
    user = _allowed(request)
    found = _found(pk)
    form = EndpointForm(user, found, request.POST or None)
    if request.method == "POST" and form.act():
        messages.success(request, _("Saved."))
        return redirect("webhooks:show", pk)
    wanted = queries.LogFilter.from_query(request.GET)
    context = {
        "found": found,
        "form": form,
        "wanted": wanted,
        "states": DeliveryState.choices,
        "topics": Topic.choices,
        "page": page_of(queries.log(found, wanted), request.GET.get("page")),
    }
    response = render_list(request, "webhooks/show.html", "webhooks/_log.html", context)
    response.status_code = 422 if form.errors else 200
    return response


@require_POST
def secret(request: HttpRequest, pk: int) -> HttpResponse:
    """The secret, on a page that nobody keeps."""
    _allowed(request)
    found = _found(pk)
    context = {"found": found, "secret": signing.secret(found.salt)}
    response = render(request, "webhooks/secret.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_GET
def message(request: HttpRequest, pk: int, message: int) -> HttpResponse:
    """One message: what it says, and each try."""
    _allowed(request)
    found = _message(pk, message)
    context = {
        "found": found,
        "attempts": found.attempts.all()[:50],
        "body": json.dumps(found.body, ensure_ascii=False, indent=2),
    }
    return render(request, "webhooks/message.html", context)


@require_POST
def message_again(request: HttpRequest, pk: int, message: int) -> HttpResponse:
    """Send one message again."""
    user = _allowed(request)
    found = _message(pk, message)
    try:
        actions.send_again(user, found.endpoint, found)
        messages.success(request, _("The message is sent again."))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("webhooks:message", pk, message)


@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One of :data:`STEPS`."""
    user = _allowed(request)
    act, words = STEPS[name]
    try:
        act(user, _found(pk))
        messages.success(request, str(words))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("webhooks:list") if name == "remove" else redirect("webhooks:show", pk)


def _allowed(request: HttpRequest) -> User:
    user = person(request)
    require(user, "webhooks.configure")
    return user


def _found(pk: int) -> Endpoint:
    return get_object_or_404(Endpoint, pk=pk, removed_at__isnull=True)


def _message(pk: int, message: int) -> Delivery:
    rows = Delivery.objects.select_related("endpoint").filter(endpoint__removed_at__isnull=True)
    return get_object_or_404(rows, pk=message, endpoint=pk)
