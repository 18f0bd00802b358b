"""Two workers follow and escalate the same runs at the same time; run by ``test_race``.

Prints how many steps a single call closed in each run at most, how many notes of it there are, and
how many notes of escalation.
"""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsunagu.app.config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count, Q  # noqa: E402
from django.utils import timezone  # noqa: E402
from tests.app.factories import make_deal, make_user  # noqa: E402
from tests.app.playbooks.making import a_case, a_playbook, a_step  # noqa: E402

from tsunagu.app.deals.actions import log_activity  # noqa: E402
from tsunagu.app.deals.models import Direction, Kind  # noqa: E402
from tsunagu.app.people.models import Role  # noqa: E402
from tsunagu.app.playbooks import actions, escalating, watching  # noqa: E402
from tsunagu.app.playbooks.models import Act, Run, Task, TaskNote  # noqa: E402

RUNS, WORKERS = 20, 3


def main() -> None:
    call_command("migrate", verbosity=0)
    settings.DEAL_CHANGED = []
    owner = make_user()
    steps = [a_step(key, done_by="call_two_way") for key in ("first", "again")]
    playbook = a_playbook(make_user(Role.OPERATIONS), *steps)
    for _number in range(RUNS):
        case = a_case(owner, make_deal(owner))
        actions.start_run(owner, case, playbook)
        log_activity(owner, case.deal, Kind.CALL, direction=Direction.BOTH)
    Task.objects.update(due_on=timezone.localdate() - timedelta(days=20))
    race()
    closed = Run.objects.annotate(n=Count("tasks", filter=Q(tasks__closed_at__isnull=False)))
    notes = TaskNote.objects.all()
    print(
        *sorted(set(closed.values_list("n", flat=True))),
        notes.filter(act=Act.FACT).count(),
        len(notes.filter(act=Act.ESCALATE)) == Task.objects.exclude(escalated_at=None).count(),
    )


def race() -> None:
    barrier, failed = threading.Barrier(WORKERS), []
    runs = list(Run.objects.values_list("pk", flat=True))

    def work() -> None:
        barrier.wait()
        try:
            for run in runs:
                watching.follow(run)
            escalating.escalate()
        except Exception as error:
            failed.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
