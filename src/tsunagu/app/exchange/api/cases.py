"""Interruptions: the cases, what they stand on, and what is decided about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Stage
from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Moment,
    Named,
    Note,
    Noun,
    Reason,
    Row,
    Said,
    Text,
    chosen,
    name_of,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.interruptions import actions, diagnosing, gates, restarting
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Decision, Finding, Interruption, Signal
from tsunagu.app.interruptions.passing import Gate
from tsunagu.app.interruptions.queries import SORTS, CaseFilter, all_cases
from tsunagu.app.interruptions.states import DismissReason, State, Step
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_deals, visible_interruptions

routes = Routes(Group.CASES, _("Interruptions"))

COLUMNS = {
    "last_signal_at": SORTS["evidence"],
    "strength": SORTS["strength"],
    "value": SORTS["value"],
    "state_since": SORTS["since"],
}
Sort = Literal[
    "id", "last_signal_at", "strength", "value", "state_since",
    "-id", "-last_signal_at", "-strength", "-value", "-state_since",
]  # fmt: skip


class CaseOut(Noun):
    """A deal's break, from the first suspicion to its end."""

    deal: Named
    customer: Named
    owner: Named
    number: int = Field(description="The how manieth case of its deal it is.")
    state: State
    state_since: datetime
    opened_at: datetime
    confirmed_at: datetime | None
    closed_at: datetime | None
    main_cause: Cause | None
    grade: int | None = Field(description="How serious it looks, 1 to 5.")
    signal_count: int
    strength: float = Field(description="Of all signals that stand together, 0 to 1.")
    last_signal_at: datetime | None
    value: Decimal | None

    @classmethod
    def of(cls, case: Interruption) -> CaseOut:
        """``case``, fetched with its deal, customer and owner."""
        return cls(
            id=case.pk,
            deal=name_of(case.deal),
            customer=name_of(case.deal.customer),
            owner=name_of(case.deal.owner),
            state=State(case.state),
            main_cause=Cause(case.main_cause) if case.main_cause else None,
            **{name: getattr(case, name) for name in _AS_THEY_ARE},
        )


_AS_THEY_ARE = (
    "number", "state_since", "opened_at", "confirmed_at", "closed_at", "grade",
    "signal_count", "strength", "last_signal_at", "value",
)  # fmt: skip


class SignalOut(Noun):
    """A dated piece of evidence; since ``gone_at`` it stands no more."""

    kind: str = Field(examples=["silence"])
    at: datetime
    found_at: datetime
    gone_at: datetime | None
    strength: float
    words: str = Field(description="In the caller's language.")

    @classmethod
    def of(cls, signal: Signal) -> SignalOut:
        """``signal`` as it is sent."""
        names = ("kind", "at", "found_at", "gone_at", "strength", "words")
        return cls(id=signal.pk, **{name: getattr(signal, name) for name in names})


class DecisionOut(Noun):
    """A step in a case's life."""

    at: datetime
    step: Step
    by: int | None = Field(description="Who took it; null for what no person decided.")
    value: str
    text: str
    causes: list[str]
    grade: int | None

    @classmethod
    def of(cls, decision: Decision) -> DecisionOut:
        """``decision`` as it is sent."""
        return cls(
            id=decision.pk,
            at=decision.at,
            step=Step(decision.step),
            by=decision.by_id,
            value=decision.value,
            text=decision.text,
            causes=decision.causes,
            grade=decision.grade,
        )


class GateOut(BaseModel):
    """Where a gate of the restart plan stands."""

    gate: Gate
    name: str
    passed_at: datetime | None
    evidence: str
    missing: str = Field(description="What it still waits for.")


class FindingOut(Noun):
    """What somebody learnt about a question of the diagnosis; the newest of a question counts."""

    question: str = Field(description="By key.", examples=["changed"])
    asked: str = Field(description="The question in the caller's language.")
    text: str
    by: Named
    at: datetime

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """``finding``, fetched with who learnt it."""
        names = ("question", "asked", "text", "at")
        by = name_of(finding.by)
        return cls(id=finding.pk, by=by, **{name: getattr(finding, name) for name in names})


class CausesOut(BaseModel):
    """Causes that people set, the main one first, and those that are suggested."""

    set: list[Cause]
    suggested: dict[str, float] = Field(description="Probability by cause.")


class CasesWanted(paging.PagedText):
    """What the list of cases can be asked for."""

    state: State | Literal["living"] | None = None
    cause: Cause | None = None
    owner: Key | None = None
    deal: Key | None = None
    signal: Annotated[str, Field(max_length=30)] = ""
    sort: Sort = "id"

    def of(self, user: User) -> QuerySet[Interruption]:
        """Those that ``user`` may see."""
        known = CaseFilter(
            text=self.q,
            owner=self.owner,
            kind=self.signal,
            state=self.state or "",
            cause=self.cause or "",
        )
        rows = all_cases(user, known)
        return rows if self.deal is None else rows.filter(deal=self.deal)


class Diagnosis(Said):
    """Why, and how serious it looks; without a main cause none is known yet."""

    main: Cause | None = None
    others: list[Cause] = Field(default=[], max_length=20)
    text: Text = ""
    grade: int | None = Field(default=None, ge=1, le=5)

    def as_said(self) -> dict[str, Any]:
        """As the actions take it."""
        said = self.model_dump(exclude={"main"})
        return {**said, "main": self.main or ""}


class Dismissal(Said):
    """Why the alarm is false; ``other`` needs words."""

    reason: DismissReason
    text: Text = ""


class Shown(Said):
    """What a contact with the customer shows; ``at`` is that contact's own instant."""

    at: Moment
    text: Text = Field(min_length=1)


class Needs(Shown):
    """What the customer needs now, as ``who`` there said."""

    who: Annotated[str, Field(max_length=200)] = ""


class Resumption(Said):
    """The sale goes on, in ``stage`` or where it stands."""

    text: Text = ""
    stage: Key | None = None


class Override(Reason):
    """The sale goes on without the gates' evidence: a manager's decision."""

    stage: Key | None = None


class FindingIn(Said):
    """What was learnt about a question of the diagnosis."""

    question: Annotated[str, Field(min_length=1, max_length=60, examples=["changed"])]
    text: Text = Field(min_length=1)


def cases_of(user: User) -> QuerySet[Interruption]:
    """Cases that ``user`` may see, with what is said of them."""
    return visible_interruptions(user).select_related("deal__customer", "deal__owner", "deal__team")


def of_seen_cases(rows: QuerySet[Row], user: User) -> QuerySet[Row]:
    """Those of ``rows`` whose case ``user`` may see."""
    return rows.filter(case__in=visible_interruptions(user).values("pk"))


def contact_of(case: Interruption, pk: int | None) -> Contact | None:
    """The customer's person whom a body names in ``contact``, if it names one."""
    people = Contact.objects.filter(customer=case.deal.customer_id)
    return None if pk is None else chosen(people, pk, "contact")


@routes.get("/interruptions", response=Listed[CaseOut], summary=_("List interruptions"))
def list_interruptions(request: HttpRequest, wanted: Query[CasesWanted]) -> HttpResponse:
    found = paging.page(wanted.of(user_of(request)), wanted, sort=wanted.sort, columns=COLUMNS)
    return answers.many(request, CaseOut, found)


@routes.get("/interruptions/{pk}", response=CaseOut, summary=_("One interruption"))
def get_interruption(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, CaseOut.of(one_of(cases_of(user_of(request)), pk)))


@routes.get(
    "/interruptions/{pk}/signals", response=Listed[SignalOut], summary=_("What a case stands on")
)
def list_signals(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    case = one_of(visible_interruptions(user_of(request)), pk)
    return answers.many(request, SignalOut, paging.page(Signal.objects.filter(case=case), wanted))


@routes.get(
    "/interruptions/{pk}/decisions", response=Listed[DecisionOut], summary=_("What was decided")
)
def list_decisions(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    case = one_of(visible_interruptions(user_of(request)), pk)
    found = paging.page(Decision.objects.filter(case=case), wanted)
    return answers.many(request, DecisionOut, found)


@routes.get(
    "/interruptions/{pk}/gates", response=list[GateOut], summary=_("Where the restart stands")
)
def list_gates(request: HttpRequest, pk: Id) -> HttpResponse:
    case = one_of(cases_of(user_of(request)), pk)
    shown = [
        GateOut(
            gate=gate.key,
            name=str(gate.label),
            passed_at=gate.passed_at,
            evidence=gate.evidence,
            missing=gate.missing,
        )
        for gate in gates.progress(case)
    ]
    return answers.plain([gate.model_dump(mode="json") for gate in shown])


@routes.get("/interruptions/{pk}/causes", response=CausesOut, summary=_("Causes of a case"))
def get_causes(request: HttpRequest, pk: Id) -> HttpResponse:
    notes = list(one_of(visible_interruptions(user_of(request)), pk).cause_notes.all())
    said = CausesOut(
        set=[Cause(note.cause) for note in notes if note.set_by_id],
        suggested={n.cause: n.probability or 0.0 for n in notes if not n.set_by_id},
    )
    return answers.plain(said.model_dump(mode="json"))


@routes.post(
    "/deals/{pk}/interruption", response={201: CaseOut}, summary=_("Say that a deal is interrupted")
)
def open_case(request: HttpRequest, pk: Id, said: Diagnosis) -> HttpResponse:
    user = user_of(request)
    case = actions.open_case(user, one_of(visible_deals(user), pk), **said.as_said())
    address = reverse("api:get_interruption", kwargs={"pk": case.pk})
    return _case(request, case.pk, made_at=address)


def _decide(
    request: HttpRequest, pk: int, act: Callable[[User, Interruption], Any]
) -> HttpResponse:
    """Do it to the case, and tell how it stands."""
    user = user_of(request)
    act(user, one_of(cases_of(user), pk))
    return _case(request, pk)


def _case(request: HttpRequest, pk: int, *, made_at: str = "") -> HttpResponse:
    return answers.one(request, CaseOut.of(cases_of(user_of(request)).get(pk=pk)), made_at=made_at)


@routes.post("/interruptions/{pk}/confirm", response=CaseOut, summary=_("Confirm an interruption"))
def confirm_case(request: HttpRequest, pk: Id, said: Diagnosis) -> HttpResponse:
    return _decide(request, pk, lambda user, case: actions.confirm(user, case, **said.as_said()))


@routes.post("/interruptions/{pk}/dismiss", response=CaseOut, summary=_("Dismiss an interruption"))
def dismiss_case(request: HttpRequest, pk: Id, said: Dismissal) -> HttpResponse:
    return _decide(
        request, pk, lambda user, case: actions.dismiss(user, case, said.reason, text=said.text)
    )


@routes.post(
    "/interruptions/{pk}/reopen", response=CaseOut, summary=_("Take a dismissed case up again")
)
def reopen_case(request: HttpRequest, pk: Id) -> HttpResponse:
    return _decide(request, pk, actions.reopen)


@routes.post("/interruptions/{pk}/causes", response=CaseOut, summary=_("Set the causes"))
def set_causes(request: HttpRequest, pk: Id, said: Diagnosis) -> HttpResponse:
    return _decide(request, pk, lambda user, case: actions.set_causes(user, case, **said.as_said()))


@routes.post("/interruptions/{pk}/respond", response=CaseOut, summary=_("Begin the response"))
def respond_to_case(request: HttpRequest, pk: Id, said: Note) -> HttpResponse:
    return _decide(
        request, pk, lambda user, case: actions.begin_response(user, case, text=said.text)
    )


@routes.post(
    "/interruptions/{pk}/explanation", response=CaseOut, summary=_("Record the explanation")
)
def record_explanation(request: HttpRequest, pk: Id, said: Shown) -> HttpResponse:
    return _decide(
        request,
        pk,
        lambda user, case: restarting.record_explanation(user, case, said.at, said.text),
    )


@routes.post("/interruptions/{pk}/needs", response=CaseOut, summary=_("Record the needs"))
def record_needs(request: HttpRequest, pk: Id, said: Needs) -> HttpResponse:
    return _decide(
        request,
        pk,
        lambda user, case: restarting.record_needs(user, case, said.at, said.text, who=said.who),
    )


@routes.post(
    "/interruptions/{pk}/standing-proposal",
    response=CaseOut,
    summary=_("Record that the proposal stands"),
)
def record_standing_proposal(request: HttpRequest, pk: Id, said: Shown) -> HttpResponse:
    return _decide(
        request,
        pk,
        lambda user, case: restarting.record_standing_proposal(user, case, said.at, said.text),
    )


@routes.post("/interruptions/{pk}/resume", response=CaseOut, summary=_("Resume the sale"))
def resume_case(request: HttpRequest, pk: Id, said: Resumption) -> HttpResponse:
    return _decide(
        request,
        pk,
        lambda user, case: actions.resume(
            user, case, text=said.text, stage=_stage(case, said.stage)
        ),
    )


@routes.post(
    "/interruptions/{pk}/resume-anyway",
    response=CaseOut,
    summary=_("Resume without the gates' evidence"),
)
def resume_case_anyway(request: HttpRequest, pk: Id, said: Override) -> HttpResponse:
    return _decide(
        request,
        pk,
        lambda user, case: actions.resume_anyway(
            user, case, said.reason, stage=_stage(case, said.stage)
        ),
    )


def _stage(case: Interruption, pk: int | None) -> Stage | None:
    stages = Stage.objects.filter(process=case.deal.process_id)
    return None if pk is None else chosen(stages, pk, "stage")


@routes.get(
    "/interruptions/{pk}/findings", response=Listed[FindingOut], summary=_("What was learnt")
)
def list_findings(request: HttpRequest, pk: Id, wanted: Query[paging.Paged]) -> HttpResponse:
    case = one_of(visible_interruptions(user_of(request)), pk)
    rows = Finding.objects.select_related("by").filter(case=case)
    return answers.many(request, FindingOut, paging.page(rows, wanted))


@routes.post("/interruptions/{pk}/findings", response=CaseOut, summary=_("Record a finding"))
def record_finding(request: HttpRequest, pk: Id, said: FindingIn) -> HttpResponse:
    return _decide(
        request,
        pk,
        lambda user, case: diagnosing.record_finding(user, case, said.question, said.text),
    )
