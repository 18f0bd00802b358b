"""Writes the audit trail."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models

from tsunagu.app.people.models import AuditEntry, User

SECRET = frozenset({"password", "token", "secret", "key"})

_through: ContextVar[str | None] = ContextVar("through", default=None)


@contextmanager
def through(what: str) -> Iterator[None]:
    """Entries within say that the person acted through ``what``, a program; empty for none."""
    before = _through.set(what or None)
    try:
        yield
    finally:
        _through.reset(before)


def record(
    actor: User | None,
    action: str,
    obj: models.Model,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an entry; ``actor`` is None for the system itself. Call it inside the transaction.

    Args:
        action: name of the function that acted, e.g. ``change_role``.
        before: what changed, as it was.
        after: what changed, as it is now.
    """
    AuditEntry.objects.create(
        actor=actor,
        action=action,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        before=_plain(before or {}),
        after=_plain(after or {}),
        through=_through.get(),
    )


def record_command(action: str, about: type[models.Model], after: dict[str, Any]) -> None:
    """Add an entry about what somebody did at the server's command line with many rows at once.

    No user of the application acted; the entry says whose shell it was.
    """
    AuditEntry.objects.create(
        action=action,
        object_type=about._meta.label_lower,
        after=_plain(after),
        through=f"command line: {_of_the_shell()}",
    )


def _of_the_shell() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container nobody may have named its user
        return str(os.getuid())


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in values.items() if k not in SECRET}
    return {k: v.pk if isinstance(v, models.Model) else v for k, v in kept.items()}
