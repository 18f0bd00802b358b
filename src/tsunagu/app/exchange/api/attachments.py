"""Files that a team keeps on a case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from ninja import File, Form, Query
from ninja.files import UploadedFile
from pydantic import BaseModel, Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.cases import cases_of, of_seen_cases
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Named,
    Noun,
    Text,
    locked,
    name_of,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.problems import ProblemError
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.rooms import actions
from tsunagu.app.rooms.files import KINDS
from tsunagu.app.rooms.models import Attachment

routes = Routes(Group.CASES, gettext_noop("Files on cases"))

BYTES = "application/octet-stream"


class AttachmentOut(Noun):
    """A file on a case; its content is `/attachments/ID/content`."""

    case: int
    name: str = Field(examples=["quote.pdf"])
    kind: str = Field(description="What its content is.", json_schema_extra={"enum": list(KINDS)})
    size: int = Field(description="Bytes.")
    by: Named
    at: datetime

    @classmethod
    def of(cls, attachment: Attachment) -> AttachmentOut:
        """``attachment``, fetched with who sent it."""
        return cls(
            id=attachment.pk,
            case=attachment.case_id,
            name=attachment.name,
            kind=attachment.kind,
            size=attachment.size,
            by=name_of(attachment.by),
            at=attachment.at,
        )


class AttachmentsWanted(paging.Paged):
    """What the list of files can be asked for."""

    case: Key | None = None
    deal: Key | None = None

    def of(self, user: User) -> QuerySet[Attachment]:
        """Those on cases that ``user`` may see."""
        return narrowed(_attachments(user), case=self.case, case__deal=self.deal)


class Sent(BaseModel):
    """What to say about the file; words make it a comment with a file."""

    text: Text = ""


def _attachments(user: User) -> QuerySet[Attachment]:
    rows = Attachment.objects.select_related("by", "case__deal__team")
    return of_seen_cases(rows, user)


@routes.get("/attachments", response=Listed[AttachmentOut], summary=gettext_noop("List files"))
def list_attachments(request: HttpRequest, wanted: Query[AttachmentsWanted]) -> HttpResponse:
    return answers.many(request, AttachmentOut, paging.page(wanted.of(user_of(request)), wanted))


@routes.get("/attachments/{pk}", response=AttachmentOut, summary=gettext_noop("One file"))
def get_attachment(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, AttachmentOut.of(one_of(_attachments(user_of(request)), pk)))


_CONTENT: dict[str, Any] = {
    "responses": {200: {"description": "OK", "content": {BYTES: {"schema": {"type": "string"}}}}}
}


@routes.get(
    "/attachments/{pk}/content", summary=gettext_noop("A file's content"), openapi_extra=_CONTENT
)
def download_attachment(request: HttpRequest, pk: Id) -> HttpResponse | FileResponse:
    found = one_of(_attachments(user_of(request)), pk)
    try:
        stream = found.file.open("rb")
    except FileNotFoundError as error:
        raise ProblemError("not-found", gettext("The file is no longer there.")) from error
    response = FileResponse(stream, as_attachment=True, filename=found.name, content_type=BYTES)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@routes.post(
    "/interruptions/{pk}/attachments",
    response={201: AttachmentOut},
    summary=gettext_noop("Keep a file on a case"),
)
def upload_attachment(
    request: HttpRequest, pk: Id, said: Form[Sent], file: File[UploadedFile]
) -> HttpResponse:
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    actions.write(user, case, said.text, uploads=[file])
    kept = _attachments(user).filter(case=case, by=user).latest("pk")
    address = reverse("api:get_attachment", kwargs={"pk": kept.pk})
    return answers.one(request, AttachmentOut.of(kept), made_at=address)


@routes.delete("/attachments/{pk}", response={204: None}, summary=gettext_noop("Remove a file"))
def remove_attachment(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    found = one_of(locked(_attachments(user)), pk)
    expect(request, AttachmentOut.of(found))
    actions.remove_file(user, found)
    return answers.nothing()
