"""What people can do about webhooks. Each: permission, one transaction, an audit entry.

Every action takes the acting ``user`` first and may raise

* ``PermissionDenied``: the role does not allow it, or
* ``ValidationError``: the input cannot be, with words for the person.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.webhooks import addresses, hearing, outbox
from tsunagu.app.webhooks.models import Delivery, Endpoint, EndpointState, Topic, new_salt

CHOICES = [topic for topic in Topic if topic != Topic.PING]
"""Topics that an endpoint can ask for."""


@transaction.atomic
def add(user: User, *, name: str, url: str, topics: Iterable[str]) -> Endpoint:
    """A new endpoint; it is told what happens from now on."""
    require(user, "webhooks.configure")
    endpoint = Endpoint(made_by=user, **_checked(name, url, topics))
    if not outbox.listening().exists():
        outbox.begin_here(timezone.now())
    endpoint.save()
    audit.record(user, "add_webhook", endpoint, after=_said(endpoint))
    return endpoint


@transaction.atomic
def change(
    user: User, endpoint: Endpoint, *, name: str, url: str, topics: Iterable[str]
) -> Endpoint:
    """Another name, address or choice of topics."""
    require(user, "webhooks.configure")
    found = _locked(endpoint)
    before = _said(found)
    for field, value in _checked(name, url, topics).items():
        setattr(found, field, value)
    found.save(update_fields=["name", "url", "topics"])
    audit.record(user, "change_webhook", found, before=before, after=_said(found))
    return found


def pause(user: User, endpoint: Endpoint) -> None:
    """Keep messages here for the time being."""
    _set(user, endpoint, "pause_webhook", paused_at=timezone.now())


@transaction.atomic
def pause_all() -> int:
    """Pause every endpoint, and return how many: a restored copy must not tell what we tell."""
    told = Endpoint.objects.filter(removed_at__isnull=True, paused_at__isnull=True)
    found = list(told.select_for_update())
    told.update(paused_at=timezone.now())
    for endpoint in found:
        audit.record(None, "pause_webhook", endpoint, after={"state": EndpointState.PAUSED})
    return len(found)


def resume(user: User, endpoint: Endpoint) -> None:
    """Send again, what waits first."""
    if endpoint.stopped_at and not outbox.listening().exists():
        outbox.begin_here(timezone.now())
    _set(user, endpoint, "resume_webhook", paused_at=None, stopped_at=None, failing_since=None)
    hearing.ask()


def rotate(user: User, endpoint: Endpoint) -> None:
    """A new secret; the old one signs beside it for a day."""
    _set(
        user,
        endpoint,
        "rotate_webhook",
        old_salt=endpoint.salt,
        salt=new_salt(),
        rotated_at=timezone.now(),
    )


def remove(user: User, endpoint: Endpoint) -> None:
    """Tell it nothing any more; its log stays for a while."""
    with transaction.atomic():
        _set(user, endpoint, "remove_webhook", removed_at=timezone.now())
        Delivery.objects.filter(endpoint=endpoint, due_at__isnull=False).update(due_at=None)


def ping(user: User, endpoint: Endpoint) -> Delivery:
    """Send a message that says nothing, to see whether it arrives."""
    require(user, "webhooks.configure")
    now = timezone.now()
    body = {"type": Topic.PING, "timestamp": now.isoformat(), "data": {"from": user.external_id}}
    made = Delivery.objects.create(
        endpoint=endpoint,
        stream="ping",
        row=int(now.timestamp() * 1_000_000),
        topic=Topic.PING,
        body=body,
        due_at=now,
    )
    transaction.on_commit(hearing.ask)
    return made


def send_again(user: User, endpoint: Endpoint, message: Delivery | None = None) -> int:
    """Try again what was given up, or the one ``message``; returns how many wait now."""
    require(user, "webhooks.configure")
    if not _locked(endpoint).is_told:
        raise ValidationError(_("This endpoint is not told anything now. Resume it first."))
    rows = Delivery.objects.filter(endpoint=endpoint)
    rows = rows.filter(dead_at__isnull=False) if message is None else rows.filter(pk=message.pk)
    count = rows.update(due_at=timezone.now(), dead_at=None, delivered_at=None, tries=0)
    audit.record(user, "send_webhooks_again", endpoint, after={"messages": count})
    transaction.on_commit(hearing.ask)
    return count


@transaction.atomic
def _set(user: User, endpoint: Endpoint, action: str, **columns: Any) -> None:
    require(user, "webhooks.configure")
    found = _locked(endpoint)
    before = {"state": found.state}
    for name, value in columns.items():
        setattr(found, name, value)
    found.save(update_fields=list(columns))
    audit.record(user, action, found, before=before, after={"state": found.state})


def _locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update().get(pk=endpoint.pk, removed_at__isnull=True)


def _checked(name: str, url: str, topics: Iterable[str]) -> dict[str, Any]:
    wanted = [topic.value for topic in CHOICES if topic.value in set(topics)]
    if not wanted:
        raise ValidationError({"topics": _("Choose at least one topic.")})
    try:
        addresses.check_url(url)
    except ValidationError as refused:
        raise ValidationError({"url": refused.messages}) from refused
    return {"name": name, "url": url, "topics": wanted}


def _said(endpoint: Endpoint) -> dict[str, Any]:
    return {"name": endpoint.name, "url": endpoint.url, "topics": endpoint.topics}
