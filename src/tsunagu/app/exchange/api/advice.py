"""Advice: asked of people who resumed similar cases, who see no customer, and given by them."""

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
from tsunagu.app.exchange.api.nouns import Id, Named, Noun, Said, Text, name_of, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_interruptions
from tsunagu.app.rooms import advice
from tsunagu.app.rooms.models import Advice, Adviser, Size

routes = Routes(Group.CASES, _("Advice"))


class QuestionOut(Noun):
    """A question that the caller was asked, without the customer."""

    by: Named
    at: datetime
    question: str
    cause: Cause | None
    stage: str
    size: Size
    answer: str
    answered_at: datetime | None

    @classmethod
    def of(cls, adviser: Adviser) -> QuestionOut:
        """What ``adviser`` was asked, fetched with the question and by whom."""
        asked = adviser.advice
        return cls(
            id=adviser.pk,
            by=name_of(asked.by),
            at=asked.at,
            question=asked.text,
            cause=Cause(asked.cause) if asked.cause else None,
            stage=asked.stage,
            size=Size(asked.size),
            answer=adviser.answer,
            answered_at=adviser.answered_at,
        )


class AdviserOut(BaseModel):
    """One who was asked, and the answer."""

    person: Named
    answer: str
    answered_at: datetime | None

    @classmethod
    def of(cls, adviser: Adviser) -> AdviserOut:
        """``adviser``, fetched with the person."""
        return cls(
            person=name_of(adviser.user), answer=adviser.answer, answered_at=adviser.answered_at
        )


class AdviceOut(Noun):
    """A question on a case, and what the people asked have answered."""

    case: int
    by: Named
    at: datetime
    question: str
    advisers: list[AdviserOut]

    @classmethod
    def of(cls, asked: Advice) -> AdviceOut:
        """``asked``, fetched with by whom and with its advisers."""
        return cls(
            id=asked.pk,
            case=asked.case_id,
            by=name_of(asked.by),
            at=asked.at,
            question=asked.text,
            advisers=[AdviserOut.of(adviser) for adviser in asked.advisers.all()],
        )


class QuestionsWanted(paging.Paged):
    """What the questions to the caller can be asked for."""

    open: bool = Field(default=False, description="Only those not answered yet.")

    def of(self, user: User) -> QuerySet[Adviser]:
        """Those to ``user``."""
        rows = _questions(user)
        return rows.filter(answered_at=None) if self.open else rows


class QuestionIn(Said):
    """A question; it must not say whose case it is."""

    text: Text = Field(min_length=1, examples=["How did you come into contact again?"])


class AnswerIn(Said):
    """The advice."""

    text: Text = Field(min_length=1, examples=["We asked the purchasing department"])


def _questions(user: User) -> QuerySet[Adviser]:
    rows = Adviser.objects.select_related("advice__by", "advice__case__deal__team")
    return rows.filter(user=user)


def _on(case: Interruption) -> QuerySet[Advice]:
    return case.advice.select_related("by").prefetch_related("advisers__user")


@routes.get("/interruptions/{pk}/advice", response=Listed[AdviceOut], summary=_("Advice on a case"))
def list_advice(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    case = one_of(visible_interruptions(user_of(request)), pk)
    return answers.many(request, AdviceOut, paging.page(_on(case), wanted))


@routes.post("/interruptions/{pk}/advice", response={201: AdviceOut}, summary=_("Ask for advice"))
def ask_for_advice(request: HttpRequest, pk: Id, said: QuestionIn) -> HttpResponse:
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    advice.ask(user, case, said.text)
    made = _on(case).filter(by=user).latest("pk")
    return answers.one(request, AdviceOut.of(made), made_at=request.path)


@routes.get("/advice", response=Listed[QuestionOut], summary=_("Questions to the caller"))
def list_questions(request: HttpRequest, wanted: Query[QuestionsWanted]) -> HttpResponse:
    return answers.many(request, QuestionOut, paging.page(wanted.of(user_of(request)), wanted))


@routes.get("/advice/{pk}", response=QuestionOut, summary=_("One question to the caller"))
def get_question(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, QuestionOut.of(one_of(_questions(user_of(request)), pk)))


@routes.post("/advice/{pk}/answer", response=QuestionOut, summary=_("Give advice"))
def give_advice(request: HttpRequest, pk: Id, said: AnswerIn) -> HttpResponse:
    user = user_of(request)
    advice.answer(user, one_of(_questions(user), pk), said.text)
    return answers.one(request, QuestionOut.of(_questions(user).get(pk=pk)))
