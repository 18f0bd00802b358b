"""Lists of tasks and playbooks, as they are exported."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.queries import number
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.listing import Listed, Teller, column, labels, told
from tsunagu.app.people.models import User
from tsunagu.app.playbooks import queries
from tsunagu.app.playbooks.models import ApprovalState, Playbook, PlaybookVersion, Task
from tsunagu.app.playbooks.words import Words


def _tasks(user: User, query: QueryDict) -> QuerySet[Task]:
    return queries.task_list(user, queries.TaskFilter.from_query(query, user))


def _books(user: User, query: QueryDict) -> QuerySet[Playbook]:
    return queries.playbook_list(queries.PlaybookFilter.from_query(query))


def _versions(user: User, query: QueryDict) -> QuerySet[PlaybookVersion]:
    book = number(query.get("of")) or 0
    rows: QuerySet[PlaybookVersion] = PlaybookVersion.objects.filter(playbook=book)
    return rows.order_by("-number")


def _said(words: dict[str, Any]) -> str:
    return Words(**words).words


def _step(steps: list[dict[str, Any]], key: str) -> str:
    """What is to be done, as the run's version says."""
    return next((_said(step["name"]) for step in steps if step["key"] == key), key)


def _causes() -> Teller:
    known = {value: str(label) for value, label in Cause.choices}
    return lambda causes: " / ".join(known.get(cause, cause) for cause in causes)


TASKS = Listed(
    "tasks",
    _("Tasks"),
    _tasks,
    (
        column(_("Task"), "run__version__content__steps", "step_key", teller=told(_step)),
        column(_("Due"), "due_on"),
        column(_("Owner"), "assignee__name"),
        column(_("Approval"), "approval", teller=labels(ApprovalState)),
        column(_("Playbook"), "run__version__content__name", teller=told(_said)),
        column(_("Deal number"), "run__case__deal__external_id"),
        column(_("Title"), "run__case__deal__title"),
        column(_("Customer name"), "run__case__deal__customer__name"),
    ),
)

PLAYBOOKS = Listed(
    "playbooks",
    _("Playbooks"),
    _books,
    (
        column(_("Playbook"), "in_use__content__name", teller=told(_said)),
        column(_("Purpose"), "in_use__content__purpose", teller=told(_said)),
        column(_("Causes"), "causes", teller=_causes),
        column(_("Running now"), "running"),
        column(_("Used"), "used"),
        column(_("Version"), "in_use__number"),
        column(_("Published"), "in_use__at"),
        column(_("By"), "in_use__made_by__name"),
    ),
)

VERSIONS = Listed(
    "playbook-versions",
    _("Versions"),
    _versions,
    (
        column(_("Version"), "number"),
        column(_("Playbook"), "content__name", teller=told(_said)),
        column(_("Published"), "at"),
        column(_("By"), "made_by__name"),
        column(_("Note"), "note"),
    ),
)
