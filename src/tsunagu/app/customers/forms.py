"""Forms about customers and their contact people; each ends in one action."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.acting import ActingForm, OnceForm
from tsunagu.app.customers import actions, queries
from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.people.models import User


class CustomerFields(forms.Form):
    """What is said of a customer."""

    name = forms.CharField(label=gettext_lazy("Company name"), max_length=200)
    industry = forms.CharField(label=gettext_lazy("Industry"), max_length=100, required=False)
    size = forms.CharField(label=gettext_lazy("Size"), max_length=50, required=False)
    region = forms.CharField(label=gettext_lazy("Region"), max_length=100, required=False)


class NewCustomerForm(OnceForm, CustomerFields):
    """A new customer; ``another`` says that those of the same name are others."""

    another = forms.BooleanField(required=False, widget=forms.HiddenInput)

    same: tuple[Customer, ...] = ()
    """Customers of the same name that stand in the way."""

    def clean(self) -> dict[str, Any]:
        """Refuse a second customer of the same name unless it is wanted."""
        cleaned = super().clean() or {}
        if cleaned.get("name") and not cleaned.get("another"):
            self.same = tuple(queries.of_the_same_name(self.actor, cleaned["name"]))
            if self.same:
                raise ValidationError(_("A customer of this name exists already."))
        return cleaned

    def made(self) -> Customer | None:
        """The customer that this form created already."""
        return Customer.objects.filter(external_id=self.number).first()

    def perform(self) -> Customer:
        """Create."""
        said = {name: self.cleaned_data[name] for name in CustomerFields.base_fields}
        return actions.create_customer(self.actor, external_id=self.number, **said)


class CustomerForm(ActingForm, CustomerFields):
    """An existing customer's fields."""

    def __init__(self, actor: User, customer: Customer, data: Any = None) -> None:
        self.customer = customer
        initial = {name: getattr(customer, name) for name in CustomerFields.base_fields}
        super().__init__(actor, data, initial=initial)

    def perform(self) -> None:
        """Change what differs."""
        if self.changed_data:
            said = {name: self.cleaned_data[name] for name in self.changed_data}
            actions.edit_customer(self.actor, self.customer, **said)


class ContactFields(forms.Form):
    """What is said of a contact person."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    department = forms.CharField(label=gettext_lazy("Department"), max_length=100, required=False)
    title = forms.CharField(label=gettext_lazy("Job title"), max_length=100, required=False)
    role = forms.CharField(
        label=gettext_lazy("Role in the purchase"),
        max_length=50,
        required=False,
        help_text=gettext_lazy("For example: decides, uses it, holds the budget."),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )

    def clean_email(self) -> str:
        """In small letters, as imports look for it."""
        return str(self.cleaned_data["email"]).lower()


class NewContactForm(OnceForm, ContactFields):
    """A new contact person of a customer."""

    def __init__(self, actor: User, customer: Customer, data: Any = None) -> None:
        self.customer = customer
        super().__init__(actor, data)

    def made(self) -> Contact | None:
        """The contact that this form added already."""
        return Contact.objects.filter(customer=self.customer, external_id=self.number).first()

    def perform(self) -> Contact:
        """Add."""
        said = {name: self.cleaned_data[name] for name in ContactFields.base_fields}
        return actions.add_contact(self.actor, self.customer, external_id=self.number, **said)


class ContactForm(ActingForm, ContactFields):
    """An existing contact person's fields."""

    def __init__(self, actor: User, contact: Contact, data: Any = None) -> None:
        self.contact = contact
        initial = {name: getattr(contact, name) for name in ContactFields.base_fields}
        super().__init__(actor, data, initial=initial)

    def perform(self) -> None:
        """Change what differs."""
        if self.changed_data:
            said = {name: self.cleaned_data[name] for name in self.changed_data}
            actions.edit_contact(self.actor, self.contact, **said)
