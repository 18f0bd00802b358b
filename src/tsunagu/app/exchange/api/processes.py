"""Processes and their stages."""

from __future__ import annotations

from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.deals import process_actions as actions
from tsunagu.app.deals.models import Process, Stage
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import Id, Key, Noun, Said, locked, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group

routes = Routes(Group.DEALS, _("Processes"))

Name = Annotated[str, Field(min_length=1, max_length=100, examples=["Proposal"])]
Days = Annotated[int, Field(ge=1, le=32_767, examples=[14])]


class StageOut(BaseModel):
    """A step of a process; facts name it by ``key``, which never changes."""

    id: int
    key: str
    name: str
    usual_days: int | None
    retired: bool


class ProcessOut(Noun):
    """A standard way of selling, with its stages in their order."""

    name: str = Field(examples=["Standard"])
    is_default: bool
    archived: bool
    stages: list[StageOut]

    @classmethod
    def of(cls, process: Process) -> ProcessOut:
        """``process`` as it is sent."""
        return cls(
            id=process.pk,
            name=process.name,
            is_default=process.is_default,
            archived=process.archived,
            stages=[_stage(stage) for stage in process.stages.all()],
        )


def _stage(stage: Stage) -> StageOut:
    return StageOut(
        id=stage.pk,
        key=stage.key,
        name=stage.name,
        usual_days=stage.usual_days,
        retired=stage.retired,
    )


class ProcessIn(Said):
    """A new process."""

    name: Name


class ProcessChanges(Said):
    """What of a process can be changed; ``is_default`` can only be given, not taken."""

    name: Name = ""
    archived: bool = False
    is_default: bool = Field(default=True, json_schema_extra={"const": True})
    stages: list[Key] = Field(default=[], description="All its stages' ids in their new order.")


class StageIn(Said):
    """A new last stage."""

    name: Name
    usual_days: Days | None = None


class StageChanges(Said):
    """What of a stage can be changed."""

    name: Name = ""
    usual_days: Days | None = None
    retired: bool = False


def _processes() -> QuerySet[Process]:
    return Process.objects.prefetch_related("stages")


@routes.get("/processes", response=Listed[ProcessOut], summary=_("List processes"))
def list_processes(request: HttpRequest, wanted: Query[paging.Paged]) -> HttpResponse:
    return answers.many(request, ProcessOut, paging.page(_processes(), wanted))


@routes.get("/processes/{pk}", response=ProcessOut, summary=_("One process"))
def get_process(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, ProcessOut.of(one_of(_processes(), pk)))


@routes.post("/processes", response={201: ProcessOut}, summary=_("Add a process"))
def create_process(request: HttpRequest, said: ProcessIn) -> HttpResponse:
    process = actions.add_process(user_of(request), said.name)
    address = reverse("api:get_process", kwargs={"pk": process.pk})
    return answers.one(request, ProcessOut.of(process), made_at=address)


@routes.patch("/processes/{pk}", response=ProcessOut, summary=_("Change a process"))
def change_process(request: HttpRequest, pk: Id, said: ProcessChanges) -> HttpResponse:
    user = user_of(request)
    process = one_of(locked(_processes()), pk)
    expect(request, ProcessOut.of(process))
    given = said.given()
    if "name" in given:
        actions.rename_process(user, process, said.name)
    if "archived" in given:
        actions.set_archived(user, process, said.archived)
    if said.is_default and "is_default" in given:
        actions.make_default(user, process)
    if "stages" in given:
        actions.reorder_stages(user, process, said.stages)
    return answers.one(request, ProcessOut.of(_processes().get(pk=pk)))


@routes.post("/processes/{pk}/stages", response={201: ProcessOut}, summary=_("Add a stage"))
def create_stage(request: HttpRequest, pk: Id, said: StageIn) -> HttpResponse:
    process = one_of(Process.objects.all(), pk)
    actions.add_stage(user_of(request), process, name=said.name, usual_days=said.usual_days)
    address = reverse("api:get_process", kwargs={"pk": pk})
    return answers.one(request, ProcessOut.of(_processes().get(pk=pk)), made_at=address)


@routes.patch("/stages/{pk}", response=ProcessOut, summary=_("Change a stage"))
def change_stage(request: HttpRequest, pk: Id, said: StageChanges) -> HttpResponse:
    user = user_of(request)
    stage = one_of(locked(Stage.objects.all()), pk)
    expect(request, ProcessOut.of(_processes().get(pk=stage.process_id)))
    given = said.given()
    if given.keys() & {"name", "usual_days"}:
        name, days = given.get("name", stage.name), given.get("usual_days", stage.usual_days)
        actions.edit_stage(user, stage, name=name, usual_days=days)
    if "retired" in given:
        actions.set_retired(user, stage, said.retired)
    return answers.one(request, ProcessOut.of(_processes().get(pk=stage.process_id)))
