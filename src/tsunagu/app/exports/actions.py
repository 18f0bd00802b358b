"""What people do with exports. Each leaves an audit entry: what leaves the house is known."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tsunagu.app.deals.models import Event
from tsunagu.app.exports import lists, store, working
from tsunagu.app.exports.archive.tables import count_rows
from tsunagu.app.exports.models import Export, Format
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require, visible_deals

AT_ONCE = 20_000
"""Up to so many rows are written while the person waits: about two seconds."""

LIST_FORMATS = (Format.XLSX, Format.UTF8, Format.CP932)

LONGEST_QUERY = 2_000

KEPT = timedelta(days=1)
"""How long a file can be fetched."""


def export_list(user: User, name: str, form: str, query: str) -> Export:
    """Ask for the list ``name`` as its page shows it when asked ``query``.

    Raises:
        Http404: there is no such list.
        PermissionDenied: ``user`` may not see it.
        ValidationError: the format is none of :data:`LIST_FORMATS`.
    """
    listed = lists.allowed(user, name)
    if form not in LIST_FORMATS:
        raise ValidationError(_("Choose a format."))
    query = query[:LONGEST_QUERY]
    total = lists.rows(listed, user, query).count()
    ending = "xlsx" if form == Format.XLSX else "csv"
    fields = {"what": name, "query": query, "file_name": _name(str(listed.title), ending)}
    return _begin(user, form, total, fields)


def export_log(user: User) -> Export:
    """Ask for the event log of the deals that ``user`` may see."""
    facts = Event.objects.filter(deal__in=visible_deals(user).values("pk")).count()
    return _begin(user, Format.LOG, facts, {"file_name": _name("tsunagu-log", "zip")})


def export_archive(user: User) -> Export:
    """Ask for the whole organisation.

    Raises:
        PermissionDenied: ``user`` is no administrator.
    """
    require(user, "exports.archive")
    fields = {"file_name": _name("tsunagu", "zip")}
    return _begin(user, Format.ARCHIVE, count_rows(), fields)


def told_by_command(form: str, file: str) -> None:
    """Note that somebody at the command line takes everything along, into ``file``."""
    audit.record_command("export", Export, {"format": form, "file": file})


def _begin(user: User, form: str, total: int, fields: dict[str, str]) -> Export:
    with transaction.atomic():
        export = Export.objects.create(
            user=user, format=form, total=total, language=get_language() or "ja", **fields
        )
        told = {"what": export.what, "format": form, "rows": total}
        audit.record(user, "export", export, after=told)
    if total <= AT_ONCE:
        working.work(export.pk)
        export.refresh_from_db()
    else:
        from tsunagu.app.exports.tasks import work

        work.enqueue(export.pk)
    return export


def _name(title: str, ending: str) -> str:
    now = timezone.localtime()
    return f"{title.replace('/', '-')}-{now:%Y%m%d-%H%M}.{ending}"


def forget_old() -> int:
    """Remove files that are no longer kept; returns how many."""
    return _forget(timezone.now() - KEPT)


def forget_all() -> int:
    """Remove every file, those at work too: somebody was erased and may stand in any of them."""
    return _forget(timezone.now())


def _forget(before: datetime) -> int:
    rows = Export.objects.filter(gone_at=None, created_at__lte=before)
    count = 0
    for export in list(rows):
        if Export.objects.filter(pk=export.pk, gone_at=None).update(gone_at=timezone.now()):
            store.drop(export)
            count += 1
    return count


def take_up() -> int:
    """Let exports go on whose worker vanished; returns how many were looked at."""
    waiting = Export.objects.filter(finished_at=None, failed_at=None, gone_at=None)
    left = [e for e in waiting.exclude(token=None) if not store.is_alive(e)]
    for export in left:
        working.work(export.pk)
    return len(left)
