"""The one way in which a mail's status changes: by conditional update."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from tsunagu.app.followup.models import Mail


def move(pk: int, before: Iterable[str], after: str, **columns: Any) -> bool:
    """Whether the mail stood in one of ``before`` and is in ``after`` now; one caller wins."""
    rows = Mail.objects.filter(pk=pk, status__in=tuple(before))
    return bool(rows.update(status=after, moved_at=timezone.now(), **columns))
