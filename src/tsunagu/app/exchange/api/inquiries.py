"""Question forms for customers, reached by a link, and what the customers answered."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import BaseModel, Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.cases import cases_of, contact_of, of_seen_cases
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Moment,
    Named,
    Noun,
    Said,
    name_of,
    named,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.problems import wrong
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.interruptions import diagnosing, inquiries
from tsunagu.app.interruptions.models import Inquiry, InquiryState, Reply
from tsunagu.app.people.models import Language, User

routes = Routes(Group.CASES, _("Questions to customers"))


class ReplyOut(BaseModel):
    """What the customer answered."""

    at: datetime
    choices: list[str] = Field(description="What was ticked, by key.")
    said: str = Field(description="All that was ticked and written, in the caller's language.")
    text: str
    needs: str
    contact_by: str
    contact_when: str

    @classmethod
    def of(cls, reply: Reply) -> ReplyOut:
        """``reply`` as it is sent."""
        return cls(**{name: getattr(reply, name) for name in cls.model_fields})


class InquiryOut(Noun):
    """A question form for the customer; it is answered once, through its link."""

    case: int
    contact: Named | None = Field(description="For whom; null: somebody not known yet.")
    language: Language
    state: InquiryState
    made_by: Named
    made_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None
    reply: ReplyOut | None

    @classmethod
    def of(cls, inquiry: Inquiry) -> InquiryOut:
        """``inquiry``, fetched with its contact, its maker and its reply."""
        answered = inquiry.state == InquiryState.ANSWERED
        return cls(
            id=inquiry.pk,
            case=inquiry.case_id,
            contact=named(inquiry.contact),
            language=Language(inquiry.language),
            state=inquiry.state,
            made_by=name_of(inquiry.made_by),
            made_at=inquiry.made_at,
            expires_at=inquiry.expires_at,
            withdrawn_at=inquiry.withdrawn_at,
            reply=ReplyOut.of(inquiry.reply) if answered else None,
        )


class LinkOut(BaseModel):
    """What the customer opens. Whoever has it can answer: it is for the customer alone."""

    link: str


class InquiriesWanted(paging.Paged):
    """What the list of question forms can be asked for."""

    case: Key | None = None
    deal: Key | None = None
    state: InquiryState | None = None
    answered_since: Moment | None = None

    def of(self, user: User) -> QuerySet[Inquiry]:
        """Those on cases that ``user`` may see."""
        rows = narrowed(
            _inquiries(user),
            case=self.case,
            case__deal=self.deal,
            reply__at__gte=self.answered_since,
        )
        return rows if self.state is None else rows.filter(inquiries.standing(self.state))


class InquiryIn(Said):
    """For whom the form is, and in which language."""

    language: Language = Language.JA
    contact: Key | None = Field(default=None, description="One of the customer's contact persons.")


def _inquiries(user: User) -> QuerySet[Inquiry]:
    rows = Inquiry.objects.select_related("contact", "made_by", "reply", "case__deal__team")
    return of_seen_cases(rows, user)


@routes.get("/inquiries", response=Listed[InquiryOut], summary=_("List questions to customers"))
def list_inquiries(request: HttpRequest, wanted: Query[InquiriesWanted]) -> HttpResponse:
    return answers.many(request, InquiryOut, paging.page(wanted.of(user_of(request)), wanted))


@routes.get("/inquiries/{pk}", response=InquiryOut, summary=_("One question form"))
def get_inquiry(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, InquiryOut.of(one_of(_inquiries(user_of(request)), pk)))


@routes.post(
    "/interruptions/{pk}/inquiries", response={201: InquiryOut}, summary=_("Ask the customer")
)
def ask_customer(request: HttpRequest, pk: Id, said: InquiryIn) -> HttpResponse:
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    made = diagnosing.ask_customer(user, case, said.language, contact_of(case, said.contact))
    address = reverse("api:get_inquiry", kwargs={"pk": made.pk})
    return answers.one(request, InquiryOut.of(made), made_at=address)


@routes.post("/inquiries/{pk}/link", response=LinkOut, summary=_("Show the customer's link"))
def show_inquiry_link(request: HttpRequest, pk: Id) -> HttpResponse:
    inquiry = one_of(_inquiries(user_of(request)), pk)
    if inquiry.state != InquiryState.OPEN:
        raise wrong("", gettext("This form can no longer be answered."))
    return answers.secret({"link": inquiries.address(inquiry)})


@routes.post("/inquiries/{pk}/withdraw", response=InquiryOut, summary=_("Withdraw a question form"))
def withdraw_inquiry(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    diagnosing.withdraw_inquiry(user, one_of(_inquiries(user), pk))
    return answers.one(request, InquiryOut.of(_inquiries(user).get(pk=pk)))
