"""What pages ask about playbooks and tasks. Each sees only what the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.deals.queries import number
from tsunagu.app.interruptions.causes import Category, Cause
from tsunagu.app.interruptions.states import LIVING
from tsunagu.app.lists import search_text
from tsunagu.app.people.models import Role, User
from tsunagu.app.people.permissions import (
    SEES_ALL,
    deal_scope,
    has_permission,
    teams_led,
)
from tsunagu.app.playbooks.models import ApprovalState, Playbook, Run, Task
from tsunagu.app.playbooks.steps import ANY, Doer

PAGE_SIZE = 40
TODAY_SHOWN = 5

OF = ("mine", "team", "escalated", "approvals")
"""Whose tasks a list shows; all but the first are for who leads."""


def pk_of(text: str | None) -> int:
    """A row's number as a form sends it; 0, which no row has, for anything else."""
    return number(text) or 0


def visible_tasks(user: User) -> QuerySet[Task]:
    """Tasks of cases that ``user`` may see."""
    scope = deal_scope(user)
    if scope is None:
        return Task.objects.all()
    return Task.objects.filter(run__case__deal__in=Deal.objects.filter(scope).values("pk"))


def open_tasks(user: User) -> QuerySet[Task]:
    """Those that wait to be done, the most urgent first, with all that a line says."""
    waiting = visible_tasks(user).filter(
        closed_at__isnull=True,
        applies=True,
        run__ended_at__isnull=True,
        run__case__state__in=LIVING,
    )
    return waiting.select_related(
        "assignee", "run__version", "run__case__deal__customer", "run__case__deal__owner"
    ).order_by("due_on", "pk")


def mine(member: User) -> Q:
    """The condition on tasks that are for ``member`` to do."""
    own = Q(assignee=member)
    anybody = Q(assignee__isnull=True, role=Doer.OPERATIONS)
    return own | anybody if member.role == Role.OPERATIONS else own


def led(user: User) -> Q:
    """The condition on tasks of the teams that ``user`` answers for."""
    return Q() if user.role in SEES_ALL else Q(run__case__deal__team__in=teams_led(user))


ESCALATED = Q(escalated_at__isnull=False)
ASKED = Q(approval=ApprovalState.ASKED)


@dataclass(frozen=True)
class TaskFilter:
    """What a person asked the list of tasks for. Unknown values ask for nothing."""

    of: str = "mine"
    late: bool = False
    text: str = ""

    @classmethod
    def from_query(cls, query: QueryDict, user: User) -> TaskFilter:
        """The filter that an address's query asks for, as far as ``user`` leads."""
        of = query.get("of", "mine")
        known = OF if has_permission(user, "people.lead") else OF[:1]
        return cls(of if of in known else "mine", bool(query.get("late")), search_text(query))

    @property
    def narrows(self) -> bool:
        """Whether more than whose tasks was asked for."""
        return self.late or bool(self.text)


def task_list(user: User, wanted: TaskFilter) -> QuerySet[Task]:
    """The open tasks that were asked for."""
    rows = open_tasks(user).filter(_whose(user, wanted.of))
    if wanted.late:
        rows = rows.filter(due_on__lt=timezone.localdate())
    if wanted.text:
        deal = "run__case__deal__"
        named = Q(**{f"{deal}title__icontains": wanted.text})
        rows = rows.filter(named | Q(**{f"{deal}customer__name__icontains": wanted.text}))
    return rows


def _whose(user: User, of: str) -> Q:
    narrower = {"escalated": ESCALATED, "approvals": ASKED}
    return mine(user) if of == "mine" else led(user) & narrower.get(of, Q())


@dataclass(frozen=True)
class TodaysTasks:
    """What of the tasks a day begins with; each list is short, the counts are of all."""

    due: list[Task]
    due_count: int
    escalated: list[Task]
    escalated_count: int
    approvals: list[Task]
    approvals_count: int

    def __bool__(self) -> bool:
        return bool(self.due or self.escalated or self.approvals)


def todays_tasks(user: User, member: User) -> TodaysTasks:
    """Tasks of ``member`` that are due; on one's own Today also what waits for the leader.

    One statement says how many there are, so that most days ask no more.
    """
    parts = {"due": mine(member) & Q(due_on__lte=timezone.localdate())}
    if member == user and has_permission(user, "people.lead"):
        parts["escalated"] = led(user) & ESCALATED & ~Q(assignee=user)
        parts["approvals"] = led(user) & ASKED & ~Q(assignee=user)
    else:
        parts["escalated"] = parts["approvals"] = Q(pk__in=())
    rows = open_tasks(user)
    counts = rows.filter(reduce(or_, parts.values())).aggregate(
        **{name: Count("pk", filter=part) for name, part in parts.items()}
    )
    found = {
        name: list(rows.filter(part)[:TODAY_SHOWN]) if counts[name] else []
        for name, part in parts.items()
    }
    return TodaysTasks(
        found["due"],
        counts["due"],
        found["escalated"],
        counts["escalated"],
        found["approvals"],
        counts["approvals"],
    )


@dataclass(frozen=True)
class PlaybookFilter:
    """What a person asked the list of playbooks for."""

    cause: str = ""
    archived: bool = False
    text: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> PlaybookFilter:
        """The filter that an address's query asks for."""
        cause = query.get("cause", "")
        known = cause in Cause.values or cause in Category.values or cause == ANY
        return cls(cause if known else "", bool(query.get("archived")), search_text(query))

    @property
    def narrows(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.cause or self.text or self.archived)


def playbook_list(wanted: PlaybookFilter) -> QuerySet[Playbook]:
    """Playbooks with their versions in use and how often they ran."""
    rows = Playbook.objects.filter(archived=wanted.archived, in_use__isnull=False)
    if wanted.cause:
        # Causes are kept as a list of JSON: the quotes keep one from being part of another.
        end = "." if wanted.cause in Category.values else '"'
        rows = rows.filter(causes__icontains=f'"{wanted.cause}{end}')
    if wanted.text:
        said = Q(in_use__content__name__ja__icontains=wanted.text)
        rows = rows.filter(said | Q(in_use__content__name__en__icontains=wanted.text))
    return _with_use(rows).select_related("in_use__made_by").order_by("key")


def _with_use(rows: QuerySet[Playbook]) -> QuerySet[Playbook]:
    runs = Run.objects.filter(playbook=OuterRef("pk")).order_by().values("playbook")
    running = runs.filter(ended_at__isnull=True, case__state__in=LIVING)
    return rows.annotate(
        used=Coalesce(Subquery(runs.annotate(n=Count("pk")).values("n")), 0),
        running=Coalesce(Subquery(running.annotate(n=Count("pk")).values("n")), 0),
    )


def playbooks_for(causes: list[str]) -> list[Playbook]:
    """All that are offered: those for the causes first, in their order, then those for any."""
    places = {cause: place for place, cause in enumerate(causes)}
    rows = list(playbook_list(PlaybookFilter()))

    def place(playbook: Playbook) -> tuple[int, str]:
        fits = [places[c] for c in playbook.causes if c in places]
        general = len(causes) + (0 if ANY in playbook.causes else 1)
        return min(fits, default=general), playbook.key

    return sorted(rows, key=place)


def fitting(causes: list[str]) -> list[Playbook]:
    """Of those that are offered the ones for one of the causes, then those for any case."""
    return [p for p in playbooks_for(causes) if set(p.causes) & {*causes, ANY}]
