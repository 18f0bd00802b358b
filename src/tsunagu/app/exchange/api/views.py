"""The pages of tokens and apps, the consent page, and the API's documentation."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from oauth2_provider.models import Application
from oauth2_provider.views import AuthorizationView

from tsunagu.app.exchange.api import oauth, reference
from tsunagu.app.exchange.api import tokens as actions
from tsunagu.app.exchange.api.forms import AppForm, TokenForm
from tsunagu.app.exchange.api.models import ApiToken
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.permissions import has_permission, require
from tsunagu.app.people.requests import person


@require_GET
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens, and the apps that may act for one."""
    user = person(request)
    context = {
        "page": page_of(user.api_tokens.all(), request.GET.get("page")),
        "connected": list(oauth.connected_apps(user)),
        "may_register": has_permission(user, oauth.PERMISSION),
    }
    return render_list(request, "api/tokens.html", "api/_tokens.html", context)


@require_http_methods(["GET", "POST"])
def token_add(request: HttpRequest) -> HttpResponse:
    """A new token; its text is shown once."""
    form = TokenForm(person(request), request.POST or None)
    if request.method == "POST" and form.act():
        token, text = form.done
        return _once(render(request, "api/token_made.html", {"token": token, "text": text}))
    return render(request, "api/token_add.html", {"form": form}, status=_status(form))


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a token open nothing any more."""
    user = person(request)
    token = get_object_or_404(ApiToken, pk=pk, user=user)
    actions.revoke_token(user, token)
    messages.success(request, _("“%(name)s” is revoked.") % {"name": token.name})
    return redirect("settings:tokens")


@require_POST
def app_disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an app act for one no more."""
    user = person(request)
    app = get_object_or_404(oauth.connected_apps(user), pk=pk)
    oauth.disconnect_app(user, app)
    messages.success(request, _("“%(name)s” is disconnected.") % {"name": app.name})
    return redirect("settings:tokens")


@require_http_methods(["GET", "POST"])
def apps(request: HttpRequest) -> HttpResponse:
    """All apps, and a form for a new one, whose secret is shown once."""
    user = person(request)
    require(user, oauth.PERMISSION)
    form = AppForm(user, request.POST or None)
    if request.method == "POST" and form.act():
        app, secret = form.done
        return _once(render(request, "api/app_made.html", {"app": app, "secret": secret}))
    context = {"form": form, "page": page_of(oauth.apps(), request.GET.get("page"))}
    response = render_list(request, "api/apps.html", "api/_apps.html", context)
    response.status_code = _status(form)
    return response


@require_POST
def app_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an app away from everybody."""
    user = person(request)
    require(user, oauth.PERMISSION)
    app = get_object_or_404(Application, pk=pk)
    oauth.remove_app(user, app)
    messages.success(request, _("“%(name)s” is removed.") % {"name": app.name})
    return redirect("settings:apps")


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """The documentation, made of the API's own description."""
    return render(request, "api/docs.html", {"reference": reference.of_the_api()})


class Consent(AuthorizationView):  # type: ignore[misc]  # the library is untyped
    """Asks a person whether an app may act for them."""

    template_name = "api/consent.html"

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Let the browser follow the answer to the app's own, registered address."""
        response: HttpResponse = super().render_to_response(context, **options)
        address = urlsplit(str(context.get("redirect_uri") or ""))
        if address.netloc:
            response.form_targets = [f"{address.scheme}://{address.netloc}"]  # type: ignore[attr-defined]
        return response


def _once(response: HttpResponse) -> HttpResponse:
    """A page with a secret: no cache keeps it."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _status(form: Any) -> int:
    return 422 if form.errors else 200
