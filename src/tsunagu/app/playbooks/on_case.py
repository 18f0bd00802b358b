"""The part "What we do next" on the page of a case."""

from __future__ import annotations

from functools import cached_property

from django.utils.translation import get_language

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission
from tsunagu.app.playbooks import approving, filling
from tsunagu.app.playbooks.actions import APPROVE, DECIDE, WORK
from tsunagu.app.playbooks.effects import Advice, Known, known
from tsunagu.app.playbooks.models import Playbook, Run, Task
from tsunagu.app.playbooks.queries import playbooks_for
from tsunagu.app.playbooks.steps import ANY

FIRST = 3
"""Playbooks offered before the rest."""


class OnCase:
    """The response to one case for one reader; each part is asked for once."""

    def __init__(self, user: User, case: Interruption) -> None:
        self.user, self.case, self.deal = user, case, case.deal

    @cached_property
    def may_decide(self) -> bool:
        """Whether the reader starts and stops."""
        return has_permission(self.user, DECIDE, self.deal)

    @cached_property
    def may_work(self) -> bool:
        """Whether the reader does tasks."""
        return has_permission(self.user, WORK, self.deal)

    @cached_property
    def may_approve(self) -> bool:
        """Whether the reader approves."""
        return has_permission(self.user, APPROVE, self.deal)

    @cached_property
    def other_approvers(self) -> list[User]:
        """Some of those who may approve beside the reader."""
        return approving.others(self.user, self.deal)

    @cached_property
    def runs(self) -> list[Run]:
        """Newest first."""
        rows = self.case.runs.select_related("version", "playbook", "started_by", "stopped_by")
        return list(rows)

    @property
    def run(self) -> Run | None:
        """The one that goes on."""
        return next((r for r in self.runs if r.ended_at is None and self.case.is_living), None)

    @property
    def earlier(self) -> list[Run]:
        """Those that are over."""
        return [run for run in self.runs if run is not self.run]

    @cached_property
    def tasks(self) -> list[Task]:
        """Of the run, in the order of their days."""
        if self.run is None:
            return []
        rows = self.run.tasks.select_related("assignee__team", "closed_by")
        tasks = list(rows.prefetch_related("notes__by").order_by("due_on", "position"))
        for task in tasks:
            task.run = self.run
        return tasks

    @property
    def needed(self) -> list[Task]:
        """Those that count: closed ones, and open ones whose condition holds."""
        return [t for t in self.tasks if t.applies or not t.is_open]

    @property
    def done(self) -> int:
        """How many are closed."""
        return sum(not task.is_open for task in self.needed)

    @property
    def next(self) -> Task | None:
        """The one thing to do now: what the reader can do goes before what waits for approval."""
        waiting = [t for t in self.needed if t.is_open]
        return next((t for t in waiting if t.may_complete), next(iter(waiting), None))

    @cached_property
    def values(self) -> filling.Values:
        """What the scripts' variables stand for, when the reader speaks."""
        return filling.values(self.case, self.user, get_language() or "ja")

    @property
    def may_choose(self) -> bool:
        """Whether a playbook is to be chosen."""
        free = self.run is None or self.next is None
        return free and self.case.is_living and self.case.state != State.SUSPECTED

    @cached_property
    def choices(self) -> list[Playbook]:
        """Playbooks, the recommended ones first."""
        return playbooks_for(self.causes)

    @cached_property
    def causes(self) -> list[str]:
        """Set by a person, the main one first."""
        notes = self.case.cause_notes.filter(set_by__isnull=False)
        return [note.cause for note in notes.order_by("-main", "pk")]

    @property
    def first(self) -> list[Playbook]:
        """Recommended: made for one of the causes; else those for any case."""
        fitting = [p for p in self.choices if set(p.causes) & {*self.causes, ANY}]
        return fitting[:FIRST]

    @property
    def others(self) -> list[Playbook]:
        """The rest."""
        return [p for p in self.choices if p not in self.first]

    @cached_property
    def effects(self) -> Known:
        """What plays achieved for the case's main cause."""
        return known(self.case.main_cause)

    @cached_property
    def advice(self) -> Advice | None:
        """Which of the recommended to take, where that is known or may be explored."""
        return self.effects.advice(self.first, self.case)
