"""Playbooks, their runs on cases, and the tasks of runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.cases import cases_of, of_seen_cases
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Named,
    Note,
    Noun,
    Reason,
    Said,
    chosen,
    locked,
    named,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.problems import FieldError, ProblemError
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import people_who_see, visible_interruptions
from tsunagu.app.playbooks import actions
from tsunagu.app.playbooks.editing import spoken
from tsunagu.app.playbooks.models import (
    Act,
    ApprovalState,
    Ending,
    Playbook,
    PlaybookVersion,
    Run,
    Task,
    TaskNote,
)
from tsunagu.app.playbooks.queries import TaskFilter, task_list, visible_tasks
from tsunagu.app.playbooks.steps import Content, Doer, SchemaError, parse

routes = Routes(Group.CASES, _("Playbooks"))


class PlaybookOut(Noun):
    """An ordered answer to interruptions, as new runs take it."""

    key: str = Field(examples=["budget-reviewed"])
    name: str
    purpose: str
    causes: list[str]
    archived: bool
    version: int
    content: dict[str, Any] = Field(description="The whole version in use, in both languages.")

    @classmethod
    def of(cls, playbook: Playbook) -> PlaybookOut:
        """``playbook``, fetched with its version in use."""
        version = playbook.in_use
        return cls(
            id=playbook.pk,
            key=playbook.key,
            name=version.name if version else playbook.key,
            purpose=version.purpose if version else "",
            causes=playbook.causes,
            archived=playbook.archived,
            version=version.number if version else 0,
            content=version.content if version else {},
        )


class VersionOut(Noun):
    """What a playbook said from ``at`` on."""

    playbook: int
    number: int
    name: str
    purpose: str
    content: dict[str, Any]
    shipped: bool = Field(description="It came with the software.")
    made_by: Named | None
    at: datetime
    note: str

    @classmethod
    def of(cls, version: PlaybookVersion) -> VersionOut:
        """``version``, fetched with who made it."""
        names = ("number", "name", "purpose", "content", "at", "note")
        return cls(
            id=version.pk,
            playbook=version.playbook_id,
            shipped=version.shipped is not None,
            made_by=named(version.made_by),
            **{name: getattr(version, name) for name in names},
        )


class PlaybookIn(Said):
    """A new playbook, in both languages or one."""

    content: dict[str, Any]


class PlaybookChanges(Said):
    """Whether it is offered no more; what it says is changed by a new version."""

    archived: bool


class VersionIn(Said):
    """What a playbook says from now on; ``base`` is the version that was read."""

    content: dict[str, Any]
    base: int = Field(ge=0, le=1_000_000)
    note: str = Field(default="", max_length=200)


class RunOut(Noun):
    """A playbook carried out for a case."""

    case: int
    playbook: int
    version: int
    started_at: datetime
    started_by: int
    ended_at: datetime | None
    reason: str

    @classmethod
    def of(cls, run: Run) -> RunOut:
        """``run``, fetched with its version."""
        return cls(
            id=run.pk,
            case=run.case_id,
            playbook=run.playbook_id,
            version=run.version.number,
            started_at=run.started_at,
            started_by=run.started_by_id,
            ended_at=run.ended_at,
            reason=run.reason,
        )


class RunIn(Said):
    """Which playbook to carry out."""

    playbook: Key


class TaskOut(Noun):
    """A step of a run as somebody's dated task."""

    run: int
    case: int
    step: str
    title: str
    role: Doer
    assignee: Named | None
    due_on: date
    applies: bool = Field(description="Whether the step is needed as things stand.")
    approval: ApprovalState
    closed_at: datetime | None
    ending: Ending | None
    skipped_reason: str

    @classmethod
    def of(cls, task: Task) -> TaskOut:
        """``task``, fetched with its run's version and its assignee."""
        return cls(
            id=task.pk,
            run=task.run_id,
            case=task.run.case_id,
            step=task.step_key,
            title=task.step.name.words,
            role=Doer(task.role),
            assignee=named(task.assignee),
            due_on=task.due_on,
            applies=task.applies,
            approval=ApprovalState(task.approval),
            closed_at=task.closed_at,
            ending=Ending(task.ending) if task.ending else None,
            skipped_reason=task.skipped_reason,
        )


class TaskNoteOut(Noun):
    """A step in a task's course."""

    at: datetime
    act: Act
    by: Named | None = Field(description="Null: no person did it.")
    to: Named | None = Field(description="Who was given the task.")
    text: str

    @classmethod
    def of(cls, note: TaskNote) -> TaskNoteOut:
        """``note``, fetched with by whom and to whom."""
        return cls(
            id=note.pk,
            at=note.at,
            act=Act(note.act),
            by=named(note.by),
            to=named(note.to),
            text=note.text,
        )


class TasksWanted(paging.PagedText):
    """Which open tasks: one's own, or as one who leads those of the teams."""

    of: Literal["mine", "team", "escalated", "approvals"] = "mine"
    late: bool = False
    sort: Literal["due_on", "-due_on", "id", "-id"] = "due_on"


class Handing(Said):
    """Who does it from now on."""

    to: Key


def _playbooks() -> QuerySet[Playbook]:
    return Playbook.objects.select_related("in_use")


def _runs(user: User) -> QuerySet[Run]:
    return of_seen_cases(Run.objects.select_related("version", "case__deal"), user)


def _tasks(user: User) -> QuerySet[Task]:
    return visible_tasks(user).select_related("run__version", "run__case__deal", "assignee")


@routes.get("/playbooks", response=Listed[PlaybookOut], summary=_("List playbooks"))
def list_playbooks(request: HttpRequest, wanted: Query[paging.Paged]) -> HttpResponse:
    return answers.many(request, PlaybookOut, paging.page(_playbooks(), wanted))


@routes.get("/playbooks/{pk}", response=PlaybookOut, summary=_("One playbook"))
def get_playbook(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, PlaybookOut.of(one_of(_playbooks(), pk)))


@routes.post("/playbooks", response={201: PlaybookOut}, summary=_("Add a playbook"))
def create_playbook(request: HttpRequest, said: PlaybookIn) -> HttpResponse:
    made = actions.add_playbook(user_of(request), _content(said.content))
    address = reverse("api:get_playbook", kwargs={"pk": made.pk})
    shown = PlaybookOut.of(_playbooks().get(pk=made.pk))
    return answers.one(request, shown, made_at=address)


@routes.patch("/playbooks/{pk}", response=PlaybookOut, summary=_("Archive a playbook, or not"))
def change_playbook(request: HttpRequest, pk: Id, said: PlaybookChanges) -> HttpResponse:
    playbook = one_of(locked(_playbooks()), pk)
    expect(request, PlaybookOut.of(playbook))
    actions.set_archived(user_of(request), playbook, said.archived)
    return answers.one(request, PlaybookOut.of(_playbooks().get(pk=pk)))


@routes.get(
    "/playbooks/{pk}/versions", response=Listed[VersionOut], summary=_("A playbook's versions")
)
def list_playbook_versions(
    request: HttpRequest, pk: Id, wanted: Query[paging.Paged]
) -> HttpResponse:
    versions = one_of(Playbook.objects.all(), pk).versions.select_related("made_by")
    return answers.many(request, VersionOut, paging.page(versions, wanted, sort="-id"))


@routes.post(
    "/playbook-versions/{pk}/restore",
    response=PlaybookOut,
    summary=_("Take a playbook's version up again"),
)
def restore_playbook_version(request: HttpRequest, pk: Id) -> HttpResponse:
    version = one_of(PlaybookVersion.objects.select_related("playbook"), pk)
    actions.restore(user_of(request), version)
    return answers.one(request, PlaybookOut.of(_playbooks().get(pk=version.playbook_id)))


@routes.post(
    "/playbooks/{pk}/versions", response=PlaybookOut, summary=_("Publish a playbook's version")
)
def publish_playbook(request: HttpRequest, pk: Id, said: VersionIn) -> HttpResponse:
    playbook = one_of(Playbook.objects.all(), pk)
    content = _content(said.content)
    actions.publish(user_of(request), playbook, content, base=said.base, note=said.note)
    return answers.one(request, PlaybookOut.of(_playbooks().get(pk=pk)))


def _content(raw: dict[str, Any]) -> Content:
    try:
        return parse(raw)
    except SchemaError as error:
        errors = [FieldError(field="content", message=spoken(p)) for p in error.problems]
        told = " ".join(each.message for each in errors[:3])
        raise ProblemError("invalid", told, errors) from error


@routes.get("/interruptions/{pk}/runs", response=Listed[RunOut], summary=_("Runs on a case"))
def list_runs(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    user = user_of(request)
    case = one_of(visible_interruptions(user), pk)
    return answers.many(request, RunOut, paging.page(_runs(user).filter(case=case), wanted))


@routes.post("/interruptions/{pk}/runs", response={201: RunOut}, summary=_("Carry a playbook out"))
def start_run(request: HttpRequest, pk: Id, said: RunIn) -> HttpResponse:
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    playbook = chosen(Playbook.objects.all(), said.playbook, "playbook")
    run = actions.start_run(user, case, playbook)
    address = reverse("api:list_run_tasks", kwargs={"pk": run.pk})
    return answers.one(request, RunOut.of(_runs(user).get(pk=run.pk)), made_at=address)


@routes.post("/runs/{pk}/stop", response=RunOut, summary=_("Stop a run"))
def stop_run(request: HttpRequest, pk: Id, said: Reason) -> HttpResponse:
    user = user_of(request)
    actions.stop_run(user, one_of(_runs(user), pk), said.reason)
    return answers.one(request, RunOut.of(_runs(user).get(pk=pk)))


@routes.get("/runs/{pk}/tasks", response=Listed[TaskOut], summary=_("Tasks of a run"))
def list_run_tasks(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    user = user_of(request)
    run = one_of(_runs(user), pk)
    return answers.many(request, TaskOut, paging.page(_tasks(user).filter(run=run), wanted))


@routes.get("/tasks", response=Listed[TaskOut], summary=_("List open tasks"))
def list_tasks(request: HttpRequest, wanted: Query[TasksWanted]) -> HttpResponse:
    rows = task_list(user_of(request), TaskFilter(wanted.of, wanted.late, wanted.q))
    found = paging.page(rows, wanted, sort=wanted.sort, columns={"due_on": "due_on"})
    return answers.many(request, TaskOut, found)


@routes.get("/tasks/{pk}", response=TaskOut, summary=_("One task"))
def get_task(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, TaskOut.of(one_of(_tasks(user_of(request)), pk)))


def _do(request: HttpRequest, pk: int, act: Callable[[User, Task], Any]) -> HttpResponse:
    """Do it to the task, and tell how it stands."""
    user = user_of(request)
    act(user, one_of(_tasks(user), pk))
    return answers.one(request, TaskOut.of(_tasks(user).get(pk=pk)))


@routes.get("/tasks/{pk}/notes", response=Listed[TaskNoteOut], summary=_("What happened to a task"))
def list_task_notes(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    notes = one_of(_tasks(user_of(request)), pk).notes.select_related("by", "to")
    return answers.many(request, TaskNoteOut, paging.page(notes, wanted))


@routes.post("/tasks/{pk}/complete", response=TaskOut, summary=_("Complete a task"))
def complete_task(request: HttpRequest, pk: Id, said: Note) -> HttpResponse:
    return _do(request, pk, lambda user, task: actions.complete(user, task, said.text))


@routes.post("/tasks/{pk}/skip", response=TaskOut, summary=_("Skip a task"))
def skip_task(request: HttpRequest, pk: Id, said: Reason) -> HttpResponse:
    return _do(request, pk, lambda user, task: actions.skip(user, task, said.reason))


@routes.post("/tasks/{pk}/reopen", response=TaskOut, summary=_("Take a task up again"))
def reopen_task(request: HttpRequest, pk: Id) -> HttpResponse:
    return _do(request, pk, actions.reopen)


@routes.post("/tasks/{pk}/reassign", response=TaskOut, summary=_("Give a task to somebody"))
def reassign_task(request: HttpRequest, pk: Id, said: Handing) -> HttpResponse:
    def act(user: User, task: Task) -> None:
        to = chosen(people_who_see(task.run.case.deal), said.to, "to")
        actions.reassign(user, task, to)

    return _do(request, pk, act)


@routes.post("/tasks/{pk}/ask-approval", response=TaskOut, summary=_("Ask for approval"))
def ask_for_approval(request: HttpRequest, pk: Id, said: Note) -> HttpResponse:
    return _do(request, pk, lambda user, task: actions.ask_approval(user, task, said.text))


@routes.post("/tasks/{pk}/approve", response=TaskOut, summary=_("Approve a task"))
def approve_task(request: HttpRequest, pk: Id, said: Note) -> HttpResponse:
    return _do(request, pk, lambda user, task: actions.approve(user, task, said.text))


@routes.post("/tasks/{pk}/refuse", response=TaskOut, summary=_("Refuse a task"))
def refuse_task(request: HttpRequest, pk: Id, said: Reason) -> HttpResponse:
    return _do(request, pk, lambda user, task: actions.refuse(user, task, said.reason))
