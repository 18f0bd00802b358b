"""Reviews of interruptions, the lessons for everybody, and the improvements that follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.cases import cases_of
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Named,
    Note,
    Noun,
    Said,
    Text,
    chosen,
    locked,
    name_of,
    named,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.problems import not_found, wrong
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import actions
from tsunagu.app.knowledge.models import (
    Followed,
    Improvement,
    Influence,
    Learnt,
    Lesson,
    Remedy,
    Review,
    Why,
)
from tsunagu.app.knowledge.queries import Wanted, published, visible_improvements
from tsunagu.app.people.models import Team, User
from tsunagu.app.people.permissions import visible_interruptions, visible_users

PartKind = Literal["whys", "lessons", "improvements"]

routes = Routes(Group.CASES, _("Reviews"))


class CauseOut(BaseModel):
    """A confirmed cause, and whether we could have influenced it."""

    cause: Cause
    main: bool
    influence: Influence


class PartOut(BaseModel):
    """An answer to "why?", a lesson or an improvement of the review."""

    id: int
    text: str


class WhyOut(PartOut):
    """An answer; ``parent`` is that whose reason it is."""

    parent: int | None


class ReviewOut(Noun):
    """The look back at a case; ``id`` is the case's."""

    what_worked: str
    finished_at: datetime | None
    version: int = Field(description="How often it was finished.")
    causes: list[CauseOut]
    whys: list[WhyOut]
    lessons: list[PartOut]
    improvements: list[PartOut]

    @classmethod
    def of(cls, review: Review) -> ReviewOut:
        """``review`` as it is sent."""
        return cls(
            id=review.case_id,
            what_worked=review.text,
            finished_at=review.finished_at,
            version=review.version,
            causes=[
                CauseOut(cause=Cause(c.cause), main=c.main, influence=Influence(c.influence))
                for c in review.causes.all()
            ],
            whys=[WhyOut(id=w.pk, text=w.text, parent=w.parent_id) for w in review.whys.all()],
            lessons=[_part(lesson) for lesson in review.lessons.all()],
            improvements=[_part(each) for each in review.improvements.all()],
        )


def _part(part: Learnt) -> PartOut:
    return PartOut(id=part.pk, text=part.text)


class LessonOut(Noun):
    """What others should know."""

    text: str
    cause: Cause | None
    stage: Named | None
    product: str
    published_at: datetime | None

    @classmethod
    def of(cls, lesson: Lesson) -> LessonOut:
        """``lesson``, fetched with its stage."""
        return cls(
            id=lesson.pk,
            text=lesson.text,
            cause=Cause(lesson.cause) if lesson.cause else None,
            stage=name_of(lesson.stage) if lesson.stage else None,
            product=lesson.product,
            published_at=lesson.published_at,
        )


class ImprovementOut(Noun):
    """What is to change, by whom and until when."""

    text: str
    cause: Cause | None
    remedy: Remedy
    owner: Named
    due_on: date
    team: Named | None = Field(description="Whose deals it concerns; null: everybody's.")
    state: Followed
    effect: str

    @classmethod
    def of(cls, improvement: Improvement) -> ImprovementOut:
        """``improvement``, fetched with its owner."""
        return cls(
            id=improvement.pk,
            text=improvement.text,
            cause=Cause(improvement.cause) if improvement.cause else None,
            remedy=Remedy(improvement.remedy),
            owner=name_of(improvement.owner),
            due_on=improvement.due_on,
            team=named(improvement.team),
            state=improvement.state,
            effect=improvement.effect,
        )


class LearntWanted(paging.Paged):
    """What lessons can be asked for."""

    cause: Cause | None = None
    stage: Key | None = None

    @property
    def asked(self) -> Wanted:
        """As the pages ask it."""
        return Wanted(cause=self.cause or "", stage=self.stage)


class CausesIn(Said):
    """The causes, each with whether we could have influenced it; ``main`` is one of them."""

    main: Cause
    influences: dict[Cause, Influence] = Field(min_length=1, max_length=4)


class WhyIn(Said):
    """Why it happened, or why another answer was so."""

    text: Text = Field(min_length=1)
    parent: Key | None = None


class LessonIn(Said):
    """What others should know; it names no customer."""

    text: Text = Field(min_length=1)


class ImprovementIn(LessonIn):
    """What is to change; it names no customer."""

    remedy: Remedy
    owner: Key
    due_on: date
    team: Key | None = Field(
        default=None,
        description="The deal's team or one above it, whose deals it concerns; null: everybody's.",
    )


class PartChanges(Said):
    """Another text; of an improvement also its kind, who does it until when, whom it concerns."""

    text: Text = Field(default="", min_length=1)
    remedy: Remedy = Remedy.TRAINING
    owner: Key = 0
    due_on: date = date.min
    team: Key | None = None


class Effect(Said):
    """What came of it."""

    effect: Text = Field(min_length=1)


def _review(request: HttpRequest, case: Interruption) -> HttpResponse:
    return answers.one(request, ReviewOut.of(_found(Review.objects.all(), case)))


def _found(rows: QuerySet[Review], case: Interruption) -> Review:
    parts = ("causes", "whys", "lessons", "improvements")
    review = rows.prefetch_related(*parts).filter(case=case).first()
    if review is None:
        raise not_found()
    return review


def _write(request: HttpRequest, pk: int, act: Callable[[User, Interruption], Any]) -> HttpResponse:
    """Do it to the case's review, which begins with it, and tell how it stands."""
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    act(user, case)
    return _review(request, case)


@routes.get("/interruptions/{pk}/review", response=ReviewOut, summary=_("A case's review"))
def get_review(request: HttpRequest, pk: Id) -> HttpResponse:
    return _review(request, one_of(visible_interruptions(user_of(request)), pk))


@routes.post(
    "/interruptions/{pk}/review/causes", response=ReviewOut, summary=_("Confirm the causes")
)
def review_causes(request: HttpRequest, pk: Id, said: CausesIn) -> HttpResponse:
    influences = {str(cause): str(how) for cause, how in said.influences.items()}
    return _write(
        request, pk, lambda user, case: actions.set_causes(user, case, said.main, influences)
    )


@routes.post(
    "/interruptions/{pk}/review/what-worked", response=ReviewOut, summary=_("Say what worked")
)
def review_what_worked(request: HttpRequest, pk: Id, said: Note) -> HttpResponse:
    return _write(request, pk, lambda user, case: actions.say_what_worked(user, case, said.text))


@routes.post("/interruptions/{pk}/review/whys", response=ReviewOut, summary=_("Say why"))
def review_why(request: HttpRequest, pk: Id, said: WhyIn) -> HttpResponse:
    def act(user: User, case: Interruption) -> None:
        whys = Why.objects.filter(review__case=case)
        parent = None if said.parent is None else chosen(whys, said.parent, "parent")
        actions.add_why(user, case, said.text, parent)

    return _write(request, pk, act)


@routes.post("/interruptions/{pk}/review/lessons", response=ReviewOut, summary=_("Add a lesson"))
def review_lesson(request: HttpRequest, pk: Id, said: LessonIn) -> HttpResponse:
    return _write(request, pk, lambda user, case: actions.add_lesson(user, case, said.text))


@routes.post(
    "/interruptions/{pk}/review/improvements",
    response=ReviewOut,
    summary=_("Add an improvement"),
)
def review_improvement(request: HttpRequest, pk: Id, said: ImprovementIn) -> HttpResponse:
    def act(user: User, case: Interruption) -> None:
        owner = chosen(visible_users(user).filter(is_active=True), said.owner, "owner")
        team = _team(case, said.team)
        actions.add_improvement(
            user, case, said.text, remedy=said.remedy, owner=owner, due_on=said.due_on, team=team
        )

    return _write(request, pk, act)


def _team(case: Interruption, key: int | None) -> Team | None:
    return None if key is None else chosen(actions.teams_of(case), key, "team")


def _seen(request: HttpRequest, pk: int) -> Review:
    """The case's review, which the caller has read as it stands."""
    case = one_of(cases_of(user_of(request)), pk)
    review = _found(locked(Review.objects.select_related("case")), case)
    expect(request, ReviewOut.of(review))
    return review


@routes.patch(
    "/interruptions/{pk}/review/{kind}/{part}",
    response=ReviewOut,
    summary=_("Change a part of a review"),
)
def change_review_part(
    request: HttpRequest, pk: Id, kind: PartKind, part: Id, said: PartChanges
) -> HttpResponse:
    review = _seen(request, pk)
    found = one_of(getattr(review, kind), part)
    given = said.given()
    text = given.pop("text", found.text)
    task = _whole_task(user_of(request), found, given) if given else {}
    actions.edit(user_of(request), found, text, **task)
    return _review(request, review.case)


def _whole_task(user: User, part: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What an improvement is from now on, with what was not sent as it was."""
    if not isinstance(part, Improvement):
        raise wrong(min(given), gettext("Only an improvement has this."))
    if "owner" in given:
        people = visible_users(user).filter(is_active=True)
        given["owner"] = chosen(people, given["owner"], "owner")
    if "team" in given:
        given["team"] = _team(part.review.case, given["team"])
    return {name: getattr(part, name) for name in _TASK} | given


_TASK = ("remedy", "owner", "due_on", "team")


@routes.delete(
    "/interruptions/{pk}/review/{kind}/{part}",
    response={204: None},
    summary=_("Take a part out of a review"),
)
def remove_review_part(request: HttpRequest, pk: Id, kind: PartKind, part: Id) -> HttpResponse:
    review = _seen(request, pk)
    actions.remove(user_of(request), one_of(getattr(review, kind), part))
    return answers.nothing()


@routes.post("/interruptions/{pk}/review/finish", response=ReviewOut, summary=_("Finish a review"))
def finish_review(request: HttpRequest, pk: Id) -> HttpResponse:
    return _write(request, pk, actions.finish)


@routes.post(
    "/interruptions/{pk}/review/correct", response=ReviewOut, summary=_("Correct a review")
)
def correct_review(request: HttpRequest, pk: Id) -> HttpResponse:
    return _write(request, pk, actions.correct)


@routes.get("/lessons", response=Listed[LessonOut], summary=_("List lessons"))
def list_lessons(request: HttpRequest, wanted: Query[LearntWanted]) -> HttpResponse:
    rows = wanted.asked.of(published().select_related("stage"), [])
    return answers.many(request, LessonOut, paging.page(rows, wanted))


@routes.get("/improvements", response=Listed[ImprovementOut], summary=_("List improvements"))
def list_improvements(request: HttpRequest, wanted: Query[LearntWanted]) -> HttpResponse:
    rows = wanted.asked.of(_improvements(user_of(request)), [])
    return answers.many(request, ImprovementOut, paging.page(rows, wanted))


def _improvements(user: User) -> QuerySet[Improvement]:
    return visible_improvements(user).select_related("owner", "team")


def _follow(request: HttpRequest, pk: int, act: Callable[[User, Improvement], Any]) -> HttpResponse:
    user = user_of(request)
    act(user, one_of(_improvements(user), pk))
    return answers.one(request, ImprovementOut.of(_improvements(user).get(pk=pk)))


@routes.get("/improvements/{pk}", response=ImprovementOut, summary=_("One improvement"))
def get_improvement(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, ImprovementOut.of(one_of(_improvements(user_of(request)), pk)))


@routes.post("/improvements/{pk}/done", response=ImprovementOut, summary=_("Say that it was done"))
def improvement_done(request: HttpRequest, pk: Id) -> HttpResponse:
    return _follow(request, pk, actions.mark_done)


@routes.post("/improvements/{pk}/seen", response=ImprovementOut, summary=_("Say what came of it"))
def improvement_seen(request: HttpRequest, pk: Id, said: Effect) -> HttpResponse:
    return _follow(request, pk, lambda user, found: actions.mark_seen(user, found, said.effect))
