"""The sheets in which a person writes to a customer, or calls."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.customers.models import Contact
from tsunagu.app.followup import actions, drafts
from tsunagu.app.followup.models import Form, Mail
from tsunagu.app.interruptions import people_to_ask
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.sheets import CaseForm
from tsunagu.app.people.models import Language, User
from tsunagu.app.playbooks.steps import VARIABLES

MOST_ADDRESS = 1_800
"""Longer addresses are cut by mail programs; the text is to be copied then."""


class Chosen:
    """To whom, with what text, in which language; what an address asks for, or what is likeliest.

    ``missing`` are variables for which nothing is known.
    """

    def __init__(self, user: User, case: Interruption, form: str, query: QueryDict) -> None:
        self.contacts = people_to_ask.contacts(case.deal)
        self.templates = drafts.templates(case, form)
        self.contact = self._contact(query.get("contact"), form)
        self.template = next(
            (t for t in self.templates if t.key == query.get("template")), self.templates[0]
        )
        asked = query.get("language", "")
        self.language = asked if asked in Language.values else str(Language.JA)
        self.languages = Language.choices
        subject, body = (
            drafts.filled(text, case, user, self.language, self.contact)
            for text in (self.template.subject, self.template.body)
        )
        self.subject, self.body = subject.text, body.text
        names = dict.fromkeys((*subject.missing, *body.missing))
        self.missing = [VARIABLES[name] for name in names]

    def _contact(self, asked: str | None, form: str) -> Contact | None:
        named = next((c for c in self.contacts if str(c.pk) == asked), None)
        return named or next((c for c in self.contacts if c.email or form == Form.LETTER), None)


class WriteForm(CaseForm):
    """An e-mail or letter: written, looked at, kept; it goes out by another step."""

    kind: ClassVar[Form]
    permission = "deals.log"
    template = "followup/_write.html"

    contact = forms.ModelChoiceField(
        Contact.objects.none(), required=False, widget=forms.HiddenInput
    )
    language = forms.ChoiceField(choices=Language.choices, widget=forms.HiddenInput)
    once = forms.CharField(max_length=64, widget=forms.HiddenInput)
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=actions.MOST_SUBJECT)
    body = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=actions.MOST_BODY,
        widget=forms.Textarea(attrs={"rows": 14}),
    )

    def __init__(
        self, user: User, case: Interruption, data: Any = None, *, query: QueryDict | None = None
    ) -> None:
        self.chosen = Chosen(user, case, self.kind, query or QueryDict())
        super().__init__(user, case, data)

    def before(self, case: Interruption) -> dict[str, Any]:
        return {
            "contact": self.chosen.contact,
            "language": self.chosen.language,
            "subject": self.chosen.subject,
            "body": self.chosen.body,
            "once": uuid.uuid4().hex,
        }

    def prepare(self) -> None:
        field = self.fields["contact"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        field.queryset = Contact.objects.filter(customer=self.case.deal.customer_id)

    def perform(self) -> str:
        self.mail = actions.write(self.user, self.case, form=self.kind, **self.cleaned_data)
        return _("Kept. Look at it once more, then send it.")


class EmailForm(WriteForm):
    """An e-mail."""

    heading = gettext_lazy("Write an e-mail")
    kind = Form.EMAIL
    label = gettext_lazy("Preview")


class LetterForm(WriteForm):
    """The honest explanation: what happened, what it means for the customer, what we do."""

    heading = gettext_lazy("Letter of explanation")
    kind = Form.LETTER
    label = gettext_lazy("Preview")


WRITING: dict[str, type[WriteForm]] = {"email": EmailForm, "letter": LetterForm}
"""Sheets by the name of their address."""


class _MailForm(CaseForm):
    """A step with one mail; it asks for nothing."""

    permission = "deals.log"
    step: ClassVar[Any]
    said: ClassVar[str | Promise]

    def __init__(self, user: User, mail: Mail, data: Any = None) -> None:
        self.mail = mail
        super().__init__(user, mail.case, data)

    def perform(self) -> str:
        type(self).step(self.user, self.mail)
        return str(self.said)


class SendForm(_MailForm):
    """Send it."""

    heading = gettext_lazy("Send")
    step = actions.send
    said = gettext_lazy("The mail is on its way.")


class SentForm(_MailForm):
    """It went out otherwise."""

    heading = gettext_lazy("I have sent it")
    step = actions.mark_sent
    said = gettext_lazy("Recorded as sent.")


class DiscardForm(_MailForm):
    """Throw it away."""

    heading = gettext_lazy("Discard")
    step = actions.discard
    said = gettext_lazy("Thrown away.")


STEPS: dict[str, type[_MailForm]] = {"send": SendForm, "sent": SentForm, "discard": DiscardForm}
"""Steps by the name of their address."""


def mailto(mail: Mail) -> str:
    """The mail as an address for one's own mail program; without the text where it is too long."""
    lines = mail.body.replace("\n", "\r\n")  # RFC 6068, 5
    words = {"subject": mail.subject, "body": lines}
    whole = f"mailto:{quote(mail.to)}?{urlencode(words, quote_via=quote)}"
    if len(whole) <= MOST_ADDRESS:
        return whole
    return f"mailto:{quote(mail.to)}?{urlencode({'subject': mail.subject}, quote_via=quote)}"


def may_send(mail: Mail) -> bool:
    """Whether the application can send it itself."""
    return bool(settings.MAIL_IS_SET_UP and mail.to)


def why_by_hand(mail: Mail) -> str:
    """Why the application cannot."""
    if not mail.to:
        return _("This person has no e-mail address.")
    return _("Outgoing mail is not set up.")


class CallScript:
    """The talk beside the log: which one, filled, and what is not known."""

    def __init__(self, user: User, case: Interruption, query: QueryDict) -> None:
        self.steps = drafts.talks(case)
        self.contacts = [c for c in people_to_ask.contacts(case.deal) if c.phone]
        self.step = next(
            (s for s in self.steps if s.key == query.get("step")), next(iter(self.steps), None)
        )
        asked = query.get("language", "")
        self.language = asked if asked in Language.values else str(Language.JA)
        self.text = ""
        if self.step:
            self.text = drafts.filled(self.step.script, case, user, self.language, None).text

    @property
    def other_language(self) -> str:
        """The language that one can change to."""
        return str(Language.EN if self.language == Language.JA else Language.JA)
