"""What the caller is told of, and whether it wants to be told of a case."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.cases import cases_of
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Named,
    Noun,
    Said,
    name_of,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.models import User
from tsunagu.app.rooms import notices, watching
from tsunagu.app.rooms.models import Notice, Told

routes = Routes(Group.CASES, _("Notices"))


class NoticeOut(Noun):
    """Something that the caller is told."""

    kind: Told
    by: Named
    at: datetime
    case: int | None = Field(description="Null where advice is asked for: the case is not shown.")
    comment: int | None
    advice: int | None = Field(description="What is asked for: see `/advice/ID`.")
    read_at: datetime | None

    @classmethod
    def of(cls, notice: Notice) -> NoticeOut:
        """``notice``, fetched with by whom."""
        return cls(
            id=notice.pk,
            kind=Told(notice.kind),
            by=name_of(notice.by),
            at=notice.at,
            case=notice.case_id,
            comment=notice.comment_id,
            advice=notice.adviser_id,
            read_at=notice.read_at,
        )


class NoticesWanted(paging.Paged):
    """What notices can be asked for; the newest come first."""

    unread: bool = False
    kind: Told | None = None
    case: Key | None = None

    def of(self, user: User) -> QuerySet[Notice]:
        """Those of ``user``."""
        rows = notices.inbox(user, "unread" if self.unread else "")
        return narrowed(rows, kind=self.kind, case=self.case)


class WatchIn(Said):
    """Whether the caller wants to be told what happens on the case."""

    wanted: bool


class WatchOut(BaseModel):
    """Who is told what happens on the case."""

    watchers: list[Named]


@routes.get("/notices", response=Listed[NoticeOut], summary=_("List notices"))
def list_notices(request: HttpRequest, wanted: Query[NoticesWanted]) -> HttpResponse:
    found = paging.page(wanted.of(user_of(request)), wanted, sort="-id")
    return answers.many(request, NoticeOut, found)


@routes.post("/notices/read", response={204: None}, summary=_("Say that all notices were read"))
def read_all_notices(request: HttpRequest) -> HttpResponse:
    notices.read_all(user_of(request))
    return answers.nothing()


@routes.get("/notices/{pk}", response=NoticeOut, summary=_("One notice"))
def get_notice(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, NoticeOut.of(one_of(notices.visible(user_of(request)), pk)))


@routes.post("/notices/{pk}/read", response=NoticeOut, summary=_("Say that a notice was read"))
def read_notice(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    notices.read(user, one_of(notices.visible(user), pk))
    return answers.one(request, NoticeOut.of(notices.visible(user).get(pk=pk)))


@routes.post("/interruptions/{pk}/watch", response=WatchOut, summary=_("Watch a case"))
def watch_case(request: HttpRequest, pk: Id, said: WatchIn) -> HttpResponse:
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    watching.watch(user, case, wanted=said.wanted)
    shown = WatchOut(watchers=[name_of(person) for person in watching.watchers(case)])
    return answers.plain(shown.model_dump(mode="json"))
