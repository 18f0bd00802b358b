"""What can be done to apps that act for people by OAuth 2.0: permission, transaction, audit entry.

An administrator registers an app; each person decides on the consent page whether it may act for
them, and may disconnect it again. Tokens are kept as digests only (``settings.OAUTH2_PROVIDER``).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

PERMISSION = "people.manage"
LOOPBACK = frozenset({"127.0.0.1", "::1"})


def register_app(
    user: User, *, name: str, redirect_uris: str, confidential: bool
) -> tuple[Application, str]:
    """A new app, and its secret, which is not kept; a public app (on a telephone) needs none.

    Args:
        redirect_uris: where people are sent back to, with blanks or lines between.

    Raises:
        PermissionDenied: ``user`` is no administrator.
        ValidationError: an address is none that people can safely be sent to.
    """
    require(user, PERMISSION)
    addresses = redirect_uris.split()
    for address in addresses:
        _see_that_it_is_safe(address)
    app = Application(
        user=user,
        name=name.strip(),
        redirect_uris=" ".join(addresses),
        client_type="confidential" if confidential else "public",
        authorization_grant_type="authorization-code",
    )
    secret = app.client_secret if confidential else ""
    app.full_clean()
    with transaction.atomic():
        app.save()
        said = {"name": app.name, "redirect_uris": app.redirect_uris}
        audit.record(user, "register_app", app, after=said)
    return app, secret


def _see_that_it_is_safe(address: str) -> None:
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or local):
        words = _("“{address}” must begin with https://, or be on 127.0.0.1.")
        raise ValidationError({"redirect_uris": words.format(address=address[:100])})


def remove_app(user: User, app: Application) -> None:
    """Take the app away from everybody.

    Raises:
        PermissionDenied: ``user`` is no administrator.
    """
    require(user, PERMISSION)
    with transaction.atomic():
        audit.record(user, "remove_app", app, before={"name": app.name})
        app.delete()


def disconnect_app(user: User, app: Application) -> None:
    """Let the app act for ``user`` no more."""
    with transaction.atomic():
        for rows in (Grant, RefreshToken, AccessToken):
            rows.objects.filter(user=user, application=app).delete()
        audit.record(user, "disconnect_app", app)


def apps() -> QuerySet[Application]:
    """All registered apps."""
    rows: QuerySet[Application] = Application.objects.order_by("name", "pk")
    return rows


def connected_apps(user: User) -> QuerySet[Application]:
    """Apps that may act for ``user``, with ``since`` the last consent or renewal."""
    living = RefreshToken.objects.filter(user=user, revoked__isnull=True)
    fresh = AccessToken.objects.filter(user=user, expires__gt=timezone.now())
    rows = apps().filter(pk__in=living.values("application").union(fresh.values("application")))
    since: QuerySet[Application] = rows.annotate(since=Max("accesstoken__created"))
    return since
