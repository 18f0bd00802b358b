"""What can be done to personal tokens: with transaction and audit entry."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.exchange.api import scopes as all_scopes
from tsunagu.app.exchange.api.models import ApiToken
from tsunagu.app.people import audit
from tsunagu.app.people.models import User

PREFIX = "tsu_"
"""How every personal token begins, so that scanners for leaked secrets know it."""

HINT = 10
LONGEST_DAYS = 366
USED_EVERY = timedelta(minutes=1)
"""How often it is noted that a token is in use."""


def create_token(
    user: User, *, name: str, scopes: Iterable[str], expires_at: datetime
) -> tuple[ApiToken, str]:
    """A new token of ``user``, and its text, which is not kept.

    Raises:
        ValidationError: it allows nothing or what there is not, or expires too late.
    """
    wanted = sorted(set(scopes))
    if not wanted or not all_scopes.known().keys() >= set(wanted):
        raise ValidationError({"scopes": _("Choose what the token may do.")})
    if not timezone.now() < expires_at <= timezone.now() + timedelta(days=LONGEST_DAYS):
        raise ValidationError({"expires_at": _("Choose a day within a year from now.")})
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user,
        name=name.strip(),
        hint=text[:HINT],
        digest=digest(text),
        scopes=wanted,
        expires_at=expires_at,
    )
    token.full_clean()
    with transaction.atomic():
        token.save()
        said = {"name": token.name, "scopes": wanted, "expires_at": expires_at}
        audit.record(user, "create_token", token, after=said)
    return token, text


def revoke_token(user: User, token: ApiToken) -> None:
    """Let it open nothing any more; a second time nothing happens."""
    with transaction.atomic():
        standing = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if standing.update(revoked_at=timezone.now()):
            audit.record(user, "revoke_token", token)


def find(text: str) -> ApiToken | None:
    """The valid token of an active person with this text; it counts as used."""
    token = ApiToken.objects.select_related("user__team").filter(digest=digest(text)).first()
    if token is None or not token.is_valid or not token.user.is_active:
        return None
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        old = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_EVERY)
        ApiToken.objects.filter(old, pk=token.pk).update(last_used_at=now)


def digest(text: str) -> str:
    """What is kept of a token: it is random and long, so a plain digest cannot be guessed back."""
    return hashlib.sha256(text.encode()).hexdigest()
