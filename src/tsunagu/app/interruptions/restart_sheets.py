"""The sheets of the restart plan; each records what a contact with the customer shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.customers.models import Contact as Person
from tsunagu.app.deals.models import Stage
from tsunagu.app.interruptions import actions, gates, passing, restarting, returning
from tsunagu.app.interruptions.gates import GateStatus, contact_words
from tsunagu.app.interruptions.models import Interruption, Reply
from tsunagu.app.interruptions.passing import Contact, Facts
from tsunagu.app.interruptions.sheets import CaseForm, words_field
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission


class ContactForm(CaseForm):
    """What the contact ``at`` shows; the newest is chosen at first."""

    template: ClassVar[str] = "interruptions/sheets/contact.html"
    own_button = True

    at = forms.ChoiceField(
        label=gettext_lazy("In which contact"),
        error_messages={"required": gettext_lazy("Choose a contact with the customer.")},
    )

    def prepare(self) -> None:
        found = self.contacts(gates.facts_of([self.case])[self.case.pk])
        choices = [(c.at.isoformat(), contact_words(c)) for c in reversed(list(found))]
        field = self.fields["at"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # tells the type checker
        field.choices = choices
        self.can_be_shown = bool(choices)

    def contacts(self, facts: Facts) -> Iterable[Contact]:
        """Those that can show it, oldest first."""
        raise NotImplementedError

    def clean_at(self) -> datetime:
        """The contact's instant."""
        return datetime.fromisoformat(self.cleaned_data["at"])


class ExplainForm(ContactForm):
    """We explained and listened."""

    heading = gettext_lazy("Record the explanation")
    missing = gettext_lazy(
        "No talk and no mail to the customer is recorded since the interruption was confirmed. "
        "Log it first."
    )
    text = words_field(gettext_lazy("What you explained, and what you heard"))

    def contacts(self, facts: Facts) -> Iterable[Contact]:
        return [c for c in facts.contacts if c.can_explain]

    def perform(self) -> str:
        said = self.cleaned_data
        restarting.record_explanation(self.user, self.case, said["at"], said["text"])
        return _("The explanation is recorded.")


class NeedsForm(ContactForm):
    """What the customer needs now."""

    heading = gettext_lazy("Record the needs, re-confirmed")
    missing = gettext_lazy(
        "No contact with the customer is recorded since the explanation. Talk first, then log it."
    )
    text = words_field(gettext_lazy("What the customer needs now"))
    who = forms.CharField(
        label=gettext_lazy("Who said so (if you like)"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "people-there", "autocomplete": "off"}),
    )

    def before(self, case: Interruption) -> dict[str, Any]:
        told = Reply.objects.filter(inquiry__case=case).exclude(needs="").first()
        return {"text": told.needs if told else ""}

    @property
    def people(self) -> list[str]:
        """Who is known there."""
        there = Person.objects.filter(customer=self.case.deal.customer_id)
        return list(there.order_by("name").values_list("name", flat=True)[:50])

    def contacts(self, facts: Facts) -> Iterable[Contact]:
        return passing.may_show_needs(facts)

    def perform(self) -> str:
        said = self.cleaned_data
        restarting.record_needs(self.user, self.case, said["at"], said["text"], who=said["who"])
        return _("The needs are recorded. You may quote again.")


class StandsForm(ContactForm):
    """No new quote is needed."""

    heading = gettext_lazy("The former proposal stands")
    missing = gettext_lazy("The needs are not re-confirmed yet. Record them first.")
    text = words_field(gettext_lazy("In the customer's words"))

    def contacts(self, facts: Facts) -> Iterable[Contact]:
        return passing.may_show_that_it_stands(facts)

    def perform(self) -> str:
        said = self.cleaned_data
        restarting.record_standing_proposal(self.user, self.case, said["at"], said["text"])
        return _("Recorded: the former proposal stands.")


class ResumeForm(CaseForm):
    """The sale goes on, at a stage; a manager may say so without the evidence."""

    heading = label = gettext_lazy("The sale goes on")
    template = "interruptions/sheets/resume.html"
    own_button = True

    stage = forms.ModelChoiceField(
        Stage.objects.none(),
        label=gettext_lazy("Where the deal goes on"),
        required=False,
        empty_label=gettext_lazy("Where it is"),
    )
    text = words_field(gettext_lazy("Note (if you like)"), required=False)

    def __init__(self, user: User, case: Interruption, data: Any = None) -> None:
        self.returns = returning.suggested(case)
        super().__init__(user, case, data)

    def before(self, case: Interruption) -> dict[str, Any]:
        return {"stage": self.returns.stage}

    def prepare(self) -> None:
        field = self.fields["stage"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        field.queryset = Stage.objects.filter(process=self.deal.process_id, retired=False)
        field.help_text = self.returns.why
        if self.missing:
            self.fields["text"].label = _("Why the sale goes on without this evidence")

    @cached_property
    def missing(self) -> list[GateStatus]:
        """Gates that are not passed."""
        return [gate for gate in gates.progress(self.case) if gate.passed_at is None]

    @cached_property
    def may_override(self) -> bool:
        """Whether the person may decide without them."""
        return has_permission(self.user, "interruptions.override", self.deal)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.missing and self.may_override and not cleaned.get("text", "").strip():
            raise ValidationError(_("Say why the sale goes on without this evidence."))
        return cleaned

    def perform(self) -> str:
        text, stage = self.cleaned_data["text"], self.cleaned_data["stage"]
        if self.missing and self.may_override:
            actions.resume_anyway(self.user, self.case, text, stage=stage)
        else:
            actions.resume(self.user, self.case, text=text, stage=stage)
        return _("The sale goes on. The deal is watched more closely for 60 days.")


SHEETS: dict[str, type[CaseForm]] = {
    "explain": ExplainForm,
    "needs": NeedsForm,
    "stands": StandsForm,
    "resume": ResumeForm,
}
"""Every sheet of the plan by the name of its address."""
