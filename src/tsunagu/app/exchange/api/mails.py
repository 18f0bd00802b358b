"""E-mails and letters to customers: written, looked at, sent or recorded as sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from tsunagu.app.exchange.api import answers, paging
from tsunagu.app.exchange.api.answers import Listed
from tsunagu.app.exchange.api.cases import cases_of, contact_of, of_seen_cases
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import (
    Id,
    Key,
    Moment,
    Named,
    Noun,
    Said,
    locked,
    name_of,
    named,
    narrowed,
    one_of,
    user_of,
)
from tsunagu.app.exchange.api.problems import not_found
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.followup import actions
from tsunagu.app.followup.delivery import match_reply
from tsunagu.app.followup.models import Form, Mail, Status
from tsunagu.app.people.models import Language, User

routes = Routes(Group.CASES, _("Mails and letters"))


class MailOut(Noun):
    """An e-mail or letter of a case, in the words in which it went out or is to go out."""

    case: int
    form: Form
    contact: Named | None
    to: str = Field(description="The address that it goes to.", examples=["takahashi@example.jp"])
    language: Language
    subject: str
    body: str
    status: Status
    by_hand: bool = Field(description="A person sent it another way, and said so.")
    error: str = Field(description="Why it did not go out, in the caller's language.")
    made_by: Named
    made_at: datetime
    sent_at: datetime | None
    again_at: datetime | None = Field(description="When it is tried again by itself.")

    @classmethod
    def of(cls, mail: Mail) -> MailOut:
        """``mail``, fetched with its contact and who wrote it."""
        return cls(
            id=mail.pk,
            case=mail.case_id,
            form=Form(mail.form),
            contact=named(mail.contact),
            language=Language(mail.language),
            status=Status(mail.status),
            error=mail.get_error_display(),
            made_by=name_of(mail.made_by),
            **{name: getattr(mail, name) for name in _AS_THEY_ARE},
        )


_AS_THEY_ARE = ("to", "subject", "body", "by_hand", "made_at", "sent_at", "again_at")


class MailsWanted(paging.Paged):
    """What the list of mails can be asked for."""

    case: Key | None = None
    deal: Key | None = None
    form: Form | None = None
    status: Status | None = None

    def of(self, user: User) -> QuerySet[Mail]:
        """Those on cases that ``user`` may see."""
        return narrowed(
            _mails(user), case=self.case, case__deal=self.deal, form=self.form, status=self.status
        )


class MailIn(Said):
    """What to write; it goes out by another call."""

    form: Form = Form.EMAIL
    contact: Key | None = Field(default=None, description="An e-mail needs one.", examples=[3])
    language: Language = Language.JA
    subject: Annotated[str, Field(min_length=1, max_length=actions.MOST_SUBJECT)]
    body: Annotated[str, Field(min_length=1, max_length=actions.MOST_BODY)]


class ReplyIn(Said):
    """A message that came into a mailbox, with its headers as they stand."""

    message_id: Annotated[str, Field(min_length=1, max_length=998)] = Field(
        description="Its Message-ID; the same one again changes nothing."
    )
    sender: Annotated[str, Field(min_length=1, max_length=998)] = Field(
        description="Its From; messages from people of the team are refused."
    )
    in_reply_to: Annotated[str, Field(max_length=998)] = ""
    references: Annotated[str, Field(max_length=20_000)] = ""
    auto_submitted: Annotated[str, Field(max_length=998)] = Field(
        default="", description="Its Auto-Submitted; what a program wrote is refused."
    )
    text: Annotated[str, Field(max_length=200_000)] = Field(
        default="", description="The first 10,000 characters are kept."
    )
    at: Moment | None = Field(default=None, description="When it came; default: now.")


def _mails(user: User) -> QuerySet[Mail]:
    rows = Mail.objects.select_related("contact", "made_by", "case__deal__team")
    return of_seen_cases(rows, user)


@routes.get("/mails", response=Listed[MailOut], summary=_("List mails and letters"))
def list_mails(request: HttpRequest, wanted: Query[MailsWanted]) -> HttpResponse:
    return answers.many(request, MailOut, paging.page(wanted.of(user_of(request)), wanted))


@routes.get("/mails/{pk}", response=MailOut, summary=_("One mail or letter"))
def get_mail(request: HttpRequest, pk: Id) -> HttpResponse:
    return answers.one(request, MailOut.of(one_of(_mails(user_of(request)), pk)))


@routes.post(
    "/interruptions/{pk}/mails", response={201: MailOut}, summary=_("Write a mail or letter")
)
def write_mail(request: HttpRequest, pk: Id, said: MailIn) -> HttpResponse:
    user = user_of(request)
    case = one_of(cases_of(user), pk)
    contact = contact_of(case, said.contact)
    given = said.model_dump(exclude={"contact"})
    mail = actions.write(user, case, contact=contact, once=uuid.uuid4().hex, **given)
    address = reverse("api:get_mail", kwargs={"pk": mail.pk})
    return answers.one(request, MailOut.of(mail), made_at=address)


def _step(request: HttpRequest, pk: int, act: Callable[[User, Mail], Any]) -> HttpResponse:
    """Do it to the mail, and tell how it stands."""
    user = user_of(request)
    act(user, one_of(_mails(user), pk))
    return answers.one(request, MailOut.of(_mails(user).get(pk=pk)))


@routes.post("/mails/{pk}/send", response=MailOut, summary=_("Send a mail"))
def send_mail(request: HttpRequest, pk: Id) -> HttpResponse:
    return _step(request, pk, actions.send)


@routes.post("/replies", response=MailOut, summary=_("Hand in what a customer replied to a mail"))
def take_reply(request: HttpRequest, said: ReplyIn) -> HttpResponse:
    """Finds the mail by `in_reply_to` and `references`; 404 where it answers none that you see."""
    user = user_of(request)
    mail = match_reply(_mails(user), said.in_reply_to, said.references)
    if mail is None:
        raise not_found()
    answer = actions.Answer(
        said.message_id, said.sender, said.text, automatic=said.auto_submitted, at=said.at
    )
    actions.take_answer(user, mail, answer)
    return answers.one(request, MailOut.of(mail))


@routes.post("/mails/{pk}/sent", response=MailOut, summary=_("Say that it was sent another way"))
def mark_mail_sent(request: HttpRequest, pk: Id) -> HttpResponse:
    return _step(request, pk, actions.mark_sent)


@routes.delete("/mails/{pk}", response={204: None}, summary=_("Throw away what was not sent"))
def discard_mail(request: HttpRequest, pk: Id) -> HttpResponse:
    user = user_of(request)
    mail = one_of(locked(_mails(user)), pk)
    expect(request, MailOut.of(mail))
    actions.discard(user, mail)
    return answers.nothing()
