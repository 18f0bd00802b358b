"""The sheets of a case's page, beside those of the inbox (``forms``); each ends in one action."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.acting import MOST_TEXT
from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.sheets import SheetForm
from tsunagu.app.interruptions import actions, diagnosing, shipped
from tsunagu.app.interruptions.causes import grouped
from tsunagu.app.interruptions.grading import GradedSheet
from tsunagu.app.interruptions.models import Inquiry, Interruption
from tsunagu.app.people.models import Language, User


class CaseForm(SheetForm):
    """A sheet about ``case``; ``label`` names its button, which its own template may draw."""

    label: ClassVar[str | Promise] = gettext_lazy("Save")
    permission: ClassVar[str] = "interruptions.decide"
    template: ClassVar[str] = "interruptions/sheets/fields.html"
    own_button: ClassVar[bool] = False

    def __init__(self, user: User, case: Interruption, data: Any = None) -> None:
        self.case, self.user = case, user  # what the fields show at first may ask for both
        super().__init__(user, case.deal, data, initial=self.before(case))

    def before(self, case: Interruption) -> dict[str, Any]:
        """What the fields show at first."""
        return {}


def words_field(label: Any, **options: Any) -> forms.CharField:
    """Some lines of text."""
    box = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, max_length=MOST_TEXT, widget=box, **options)


def _cause_choices() -> list[Any]:
    return [("", _("Not known yet")), *grouped()]


class CausesForm(CaseForm, GradedSheet):
    """Why it is interrupted: one main cause, and others beside it."""

    heading = gettext_lazy("Set the cause")
    template = "interruptions/sheets/set_causes.html"

    main = forms.ChoiceField(
        label=gettext_lazy("Main cause"), choices=_cause_choices, required=False
    )
    others = forms.MultipleChoiceField(
        label=gettext_lazy("Other causes"),
        choices=grouped,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    text = words_field(gettext_lazy("Note (if you like)"), required=False)

    def before(self, case: Interruption) -> dict[str, Any]:
        notes = [n for n in case.cause_notes.all() if n.set_by_id is not None]
        others = [note.cause for note in notes if not note.main]
        return {"main": case.main_cause, "others": others}

    def perform(self) -> str:
        actions.set_causes(self.user, self.case, **self.cleaned_data)
        return _("The causes are set.")


class AskForm(CaseForm):
    """A question form for the customer."""

    heading = gettext_lazy("Ask the customer")
    label = gettext_lazy("Make the link")
    permission = "deals.log"
    contact = forms.ModelChoiceField(
        Contact.objects.none(),
        label=gettext_lazy("To whom"),
        required=False,
        empty_label=gettext_lazy("Somebody else at the customer"),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the form"),
        choices=Language.choices,
        help_text=gettext_lazy(
            "The link works once and for 14 days. The customer counts as asked from now on."
        ),
    )

    def before(self, case: Interruption) -> dict[str, Any]:
        return {"language": Language.JA}

    def prepare(self) -> None:
        field = self.fields["contact"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        field.queryset = Contact.objects.filter(customer=self.case.deal.customer_id)

    def perform(self) -> str:
        diagnosing.ask_customer(
            self.user, self.case, self.cleaned_data["language"], self.cleaned_data["contact"]
        )
        return _("The link is ready below: copy it, or open the prepared mail.")


class RespondForm(CaseForm):
    """The response begins."""

    heading = label = gettext_lazy("Begin the response")
    text = words_field(gettext_lazy("Note (if you like)"), required=False)

    def perform(self) -> str:
        actions.begin_response(self.user, self.case, text=self.cleaned_data["text"])
        return _("The response has begun.")


SHEETS: dict[str, type[CaseForm]] = {
    "causes": CausesForm,
    "ask": AskForm,
    "respond": RespondForm,
}
"""Every sheet of the diagnosis and the answer by the name of its address."""


class FindingForm(CaseForm):
    """What was learnt about one question."""

    heading = gettext_lazy("Answer a question")
    permission = "deals.log"
    template = "interruptions/sheets/finding.html"
    text = words_field(
        gettext_lazy("What you learnt"),
        error_messages={"required": gettext_lazy("Write down what you learnt.")},
    )

    def __init__(
        self, user: User, case: Interruption, data: Any = None, *, question: shipped.Phrase
    ) -> None:
        super().__init__(user, case, data)
        self.question = question

    def perform(self) -> str:
        diagnosing.record_finding(
            self.user, self.case, self.question.key, self.cleaned_data["text"]
        )
        return _("Noted on the case and on the deal.")


class WithdrawForm(CaseForm):
    """The customer's form is closed before it is answered."""

    heading = label = gettext_lazy("Withdraw the link")
    permission = "deals.log"
    template = "interruptions/sheets/withdraw.html"

    def __init__(
        self, user: User, case: Interruption, data: Any = None, *, inquiry: Inquiry
    ) -> None:
        super().__init__(user, case, data)
        self.inquiry = inquiry

    def perform(self) -> str:
        diagnosing.withdraw_inquiry(self.user, self.inquiry)
        return _("The link is withdrawn.")
