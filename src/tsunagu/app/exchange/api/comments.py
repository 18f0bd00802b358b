"""What the team says on a case."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.cases import cases_of, of_seen_cases
from tsunagu.app.exchange.api.nouns import Id, Named, Noun, Said, Text, name_of, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.people.permissions import visible_interruptions
from tsunagu.app.rooms import actions
from tsunagu.app.rooms.models import Comment

routes = Routes(Group.CASES, _("Comments"))


class CommentOut(Noun):
    """What somebody said on a case; since ``decided_at`` it is a decision of the team."""

    case: int
    by: Named
    at: datetime
    text: str
    decided_at: datetime | None

    @classmethod
    def of(cls, comment: Comment) -> CommentOut:
        """``comment``, fetched with who said it."""
        return cls(
            id=comment.pk,
            case=comment.case_id,
            by=name_of(comment.by),
            at=comment.at,
            text=comment.text,
            decided_at=comment.decided_at,
        )


class CommentIn(Said):
    """A comment; who is named with ``@`` is told."""

    text: Text = Field(min_length=1, examples=["We talked about it"])
    decision: bool = Field(default=False, description="It is a decision of the team.")


class Mark(Said):
    """Whether it is a decision of the team."""

    marked: bool


@routes.get(
    "/interruptions/{pk}/comments", response=Listed[CommentOut], summary=_("Comments on a case")
)
def list_comments(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    case = one_of(visible_interruptions(user_of(request)), pk)
    found = paging.page(Comment.objects.select_related("by").filter(case=case), wanted)
    return answers.many(request, CommentOut, found)


@routes.post(
    "/interruptions/{pk}/comments", response={201: CommentOut}, summary=_("Comment on a case")
)
def create_comment(request: HttpRequest, pk: Id, said: CommentIn) -> HttpResponse:
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    actions.write(user, case, said.text, decision=said.decision)
    comment = Comment.objects.select_related("by").filter(case=case, by=user).latest("pk")
    address = reverse("api:list_comments", kwargs={"pk": pk})
    return answers.one(request, CommentOut.of(comment), made_at=address)


@routes.post("/comments/{pk}/decision", response=CommentOut, summary=_("Call a comment a decision"))
def mark_comment(request: HttpRequest, pk: Id, said: Mark) -> HttpResponse:
    user = user_of(request)
    rows = of_seen_cases(Comment.objects.select_related("by", "case__deal__team"), user)
    comment = one_of(rows, pk)
    actions.mark_decision(user, comment, marked=said.marked)
    return answers.one(request, CommentOut.of(rows.get(pk=pk)))
