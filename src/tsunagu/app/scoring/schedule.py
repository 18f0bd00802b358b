"""Work that is due at times of its own.

When something is due next stands in the database. Whoever moves that time on, by a conditional
update, enqueues the task in the same transaction: so a restart loses nothing, and of two servers
one does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from tsunagu.app.scoring.models import Schedule


@dataclass(frozen=True)
class Every:
    """Again after ``seconds``."""

    seconds: float

    def after(self, moment: datetime) -> datetime:
        """The first time after ``moment``."""
        return moment + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Daily:
    """Each day at a local time ``HH:MM``."""

    at: str

    def after(self, moment: datetime) -> datetime:
        """The first time after ``moment``."""
        local = timezone.localtime(moment)
        due = datetime.combine(local.date(), time.fromisoformat(self.at), local.tzinfo)
        return due if due > local else due + timedelta(days=1)


Plan = dict[str, tuple[Every | Daily, str]]
"""Name of the row, when, and the dotted name of the task."""


def plan() -> Plan:
    """What is to be done when, as ``settings.SCHEDULE`` says."""
    kinds: dict[str, Callable[[str], Every | Daily]] = {
        "every": lambda text: Every(float(text)),
        "daily": Daily,
    }
    return {
        name: (kinds[when.split()[0]](when.split()[1]), task)
        for name, (when, task) in settings.SCHEDULE.items()
    }


def enqueue_due(now: datetime) -> list[str]:
    """Enqueue every task that is due at ``now``; returns their names."""
    due = dict(Schedule.objects.values_list("name", "due_at"))
    return [
        name
        for name, (times, task) in plan().items()
        if _is_ours(name, due.get(name), times, now) and _enqueue(name, due[name], times, task, now)
    ]


def _is_ours(name: str, due: datetime | None, times: Every | Daily, now: datetime) -> bool:
    """Whether it is due; what nobody planned yet is planned first."""
    if due is None:
        Schedule.objects.get_or_create(name=name, defaults={"due_at": times.after(now)})
        return False
    return due <= now


def _enqueue(name: str, due: datetime, times: Every | Daily, task: str, now: datetime) -> bool:
    with transaction.atomic():
        row = Schedule.objects.filter(name=name, due_at=due)
        if not row.update(due_at=times.after(now)):
            return False
        import_string(task).enqueue()
    return True
