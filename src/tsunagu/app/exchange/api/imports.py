"""Imports of files: upload, what the columns mean, start, state, undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import File, Form, Query
from ninja.files import UploadedFile
from pydantic import BaseModel, Field

from tsunagu.app.exchange import actions, mapping
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.nouns import Id, Key, Noun, Said, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.exchange.models import FileKind, Import, ImportProblem, State
from tsunagu.app.exchange.wording import words_of
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

routes = Routes(Group.IMPORTS, _("Imports"))


class ImportOut(Noun):
    """A file on its way in, or rows that another program sent."""

    kind: FileKind
    file_name: str = Field(examples=["deals.csv"])
    # Not the enumeration: its name is that of the cases' states, and names stand once.
    state: str = Field(json_schema_extra={"enum": list(State.values)})
    rows: int
    done: int
    total: int
    columns: list[str] = Field(description="The file's headers.")
    mapping: dict[str, Any]
    counts: dict[str, int] = Field(description="What the check found.")
    written: dict[str, int] = Field(description="What was written.")
    error: str
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, source: Import) -> ImportOut:
        """``source`` as it is sent."""
        names = ("file_name", "rows", "done", "total", "counts", "written", "created_at")
        return cls(
            id=source.pk,
            kind=FileKind(source.kind),
            state=source.state,
            columns=[column["header"] for column in source.columns],
            mapping=source.mapping,
            error=" ".join(words_of(text) for text in source.error.values()),
            finished_at=source.finished_at,
            **{name: getattr(source, name) for name in names},
        )


class ProblemRow(Noun):
    """A row that is left out, and why."""

    row: int | None
    column: str
    value: str
    message: str
    remedy: str

    @classmethod
    def of(cls, problem: ImportProblem) -> ProblemRow:
        """``problem`` in the caller's language."""
        return cls(
            id=problem.pk,
            row=problem.row,
            column=problem.column,
            value=problem.value,
            message=words_of(problem.message),
            remedy=words_of(problem.remedy),
        )


Word = Annotated[str, Field(max_length=200)]


class MappingIn(Said):
    """What the columns mean: a header by field, a meaning by word."""

    columns: dict[Word, Word] = Field(examples=[{"id": "Deal number", "created": "Created"}])
    words: dict[Word, dict[Word, Word]] = {}
    date_format: Annotated[str, Field(max_length=20)] = ""
    team: Key | None = None


class Upload(BaseModel):
    """What the rows of the file are."""

    kind: FileKind
    sheet: Word = ""


def _imports(user: User) -> QuerySet[Import]:
    require(user, "exchange.run")
    return Import.objects.all()


@routes.get("/imports", response=Listed[ImportOut], summary=_("List imports"))
def list_imports(request: HttpRequest, wanted: Query[paging.Paged]) -> HttpResponse:
    found = paging.page(_imports(user_of(request)), wanted, sort="-id")
    return answers.many(request, ImportOut, found)


@routes.get("/imports/{pk}", response=ImportOut, summary=_("One import"))
def get_import(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, ImportOut.of(one_of(_imports(user_of(request)), pk)))


@routes.get(
    "/imports/{pk}/problems", response=Listed[ProblemRow], summary=_("Rows that are left out")
)
def list_import_problems(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    source = one_of(_imports(user_of(request)), pk)
    found = paging.page(ImportProblem.objects.filter(source=source), wanted)
    return answers.many(request, ProblemRow, found)


@routes.post("/imports", response={201: ImportOut}, summary=_("Upload a file"))
def upload_import(
    request: HttpRequest, said: Form[Upload], file: File[UploadedFile]
) -> HttpResponse:
    source = actions.upload(
        user_of(request),
        kind=said.kind,
        name=file.name or "",
        size=file.size or 0,
        blocks=file.chunks(),
        sheet=said.sheet,
    )
    address = reverse("api:get_import", kwargs={"pk": source.pk})
    return answers.one(request, ImportOut.of(source), made_at=address)


def _act(request: HttpRequest, pk: int, act: Callable[[User, Import], Any]) -> HttpResponse:
    """Do it to the import, and tell how it stands."""
    user = user_of(request)
    source = one_of(_imports(user), pk)
    act(user, source)
    return answers.one(request, ImportOut.of(source))


@routes.post("/imports/{pk}/mapping", response=ImportOut, summary=_("Say what the columns mean"))
def map_import(request: HttpRequest, pk: Id, said: MappingIn) -> HttpResponse:
    def act(user: User, source: Import) -> None:
        chosen = mapping.Mapping(**said.model_dump())
        mapping.check(source, chosen)
        actions.map_columns(user, source, chosen)

    return _act(request, pk, act)


@routes.post("/imports/{pk}/start", response=ImportOut, summary=_("Start an import"))
def start_import(request: HttpRequest, pk: Id) -> HttpResponse:
    return _act(request, pk, actions.start)


@routes.post("/imports/{pk}/cancel", response=ImportOut, summary=_("Cancel an import"))
def cancel_import(request: HttpRequest, pk: Id) -> HttpResponse:
    return _act(request, pk, actions.cancel)


@routes.post("/imports/{pk}/undo", response=ImportOut, summary=_("Undo an import"))
def undo_import(request: HttpRequest, pk: Id) -> HttpResponse:
    return _act(request, pk, actions.request_undo)
