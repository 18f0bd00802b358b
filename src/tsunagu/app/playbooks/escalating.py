"""Overdue tasks reach the manager, each once; a manager's own the next one up the tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from tsunagu.app.interruptions.states import LIVING
from tsunagu.app.people.models import User
from tsunagu.app.playbooks.business_days import business_days_ago
from tsunagu.app.playbooks.models import Act, Task, TaskNote
from tsunagu.app.playbooks.people import leader_beside

GRACE = 1
"""Business days for which a task may be late before the manager hears of it."""

AT_ONCE = 500


def escalate() -> list[int]:
    """Mark tasks that are late for longer than the grace; returns those that were not yet."""
    last = business_days_ago(timezone.localdate(), GRACE)
    late = Task.objects.filter(
        closed_at__isnull=True,
        applies=True,
        escalated_at__isnull=True,
        due_on__lt=last,
        run__ended_at__isnull=True,
        run__case__state__in=LIVING,
    )
    ids = list(late.order_by("due_on", "pk").values_list("pk", flat=True)[:AT_ONCE])
    return [pk for pk in ids if _mark(pk)]


def _mark(task: int) -> bool:
    """Whether this worker was the one to mark it."""
    with transaction.atomic():
        row = Task.objects.filter(pk=task, escalated_at__isnull=True, closed_at__isnull=True)
        if not row.update(escalated_at=timezone.now()):
            return False
        TaskNote.objects.create(task_id=task, act=Act.ESCALATE)
    return True


def tell_managers(ids: Sequence[int]) -> int:
    """One mail to each manager about these tasks; returns how many went out.

    Without mail the manager's Today must do.
    """
    if not settings.MAIL_IS_SET_UP:
        return 0
    told = defaultdict(list)
    rows = Task.objects.select_related("run__case__deal__team", "run__version", "assignee")
    for task in rows.filter(pk__in=ids):
        if manager := leader_beside(task.run.case.deal, task.assignee_id):
            told[manager].append(task)
    return sum(_mail(manager, tasks) for manager, tasks in told.items())


def _mail(manager: User, tasks: list[Task]) -> int:
    with translation.override(manager.language):
        address = settings.URL + reverse("playbooks:tasks") + "?of=escalated"
        context = {"manager": manager, "tasks": tasks, "address": address}
        subject = render_to_string("playbooks/mail/late_subject.txt", context).strip()
        body = render_to_string("playbooks/mail/late.txt", context)
    return send_mail(subject, body, None, [manager.email or ""])
