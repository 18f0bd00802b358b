"""The event log of the deals that a person may see, as the analytics read it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db.models import QuerySet
from django.utils import timezone

from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.exports.writing import Notes
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_deals
from tsunagu.app.scoring import bridge

FOLDER = "log"


def write_folder(user: User | None, folder: Path) -> None:
    """Into ``folder``: what ``user`` may see, or everything."""
    deals = Deal.objects.all() if user is None else visible_deals(user)
    events = Event.objects.all() if user is None else _events(user)
    bridge.write_log(deals, events, timezone.now(), folder)


def _events(user: User) -> QuerySet[Event]:
    facts: QuerySet[Event] = Event.objects.filter(deal__in=visible_deals(user).values("pk"))
    return facts


def write_zip(user: User, path: Path) -> Notes:
    """The same as a ZIP; unpacked it is a folder that ``tsunagu fit`` takes."""
    with TemporaryDirectory(dir=path.parent) as name:
        folder = Path(name)
        write_folder(user, folder)
        # Parquet is compressed already.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{FOLDER}/{file.name}")
    return {}
