"""What can be done to customers: each with its permission, transaction and audit entry."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

EDITABLE = ("name", "industry", "size", "region", "attributes")

PERSONAL = ("name", "title", "department", "role", "email", "phone")
"""What can be said of a contact person."""


def create_customer(
    user: User, *, name: str, external_id: str | None = None, **fields: Any
) -> Customer:
    """Create a customer; ``fields`` are among :data:`EDITABLE`.

    Raises:
        PermissionDenied: ``user`` may not.
        ValidationError: the external id is taken, or a field is malformed.
    """
    require(user, "customers.change")
    customer = Customer(name=name, external_id=external_id or uuid.uuid4().hex, **fields)
    customer.full_clean()
    with transaction.atomic():
        customer.save()
        audit.record(user, "create_customer", customer, after={"name": name, **fields})
    return customer


def edit_customer(user: User, customer: Customer, **fields: Any) -> None:
    """Change ``fields``, which are among :data:`EDITABLE`.

    Raises:
        PermissionDenied: ``user`` may not.
        ValidationError: a field is malformed.
    """
    require(user, "customers.change", customer)
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer.pk)
        before = {name: getattr(customer, name) for name in fields}
        for name, value in fields.items():
            setattr(customer, name, value)
        customer.full_clean()
        customer.save(update_fields=list(fields))
        audit.record(user, "edit_customer", customer, before=before, after=fields)


def add_contact(
    user: User, customer: Customer, *, name: str, external_id: str | None = None, **fields: str
) -> Contact:
    """Add a contact person to ``customer``; ``fields`` are among :data:`PERSONAL`.

    Raises:
        PermissionDenied: ``user`` may not.
        ValidationError: a field is malformed.
    """
    require(user, "customers.change", customer)
    number = external_id or uuid.uuid4().hex
    contact = Contact(customer=customer, external_id=number, name=name, **fields)
    contact.full_clean()
    with transaction.atomic():
        contact.save()
        audit.record(user, "add_contact", contact, after={"customer": customer})
    return contact


def edit_contact(user: User, contact: Contact, **fields: str) -> None:
    """Change ``fields``, which are among :data:`PERSONAL`. The audit entry names them only.

    Raises:
        PermissionDenied: ``user`` may not.
        ValidationError: a field is malformed.
    """
    require(user, "customers.change", contact.customer)
    with transaction.atomic():
        found = Contact.objects.select_for_update().get(pk=contact.pk)
        for name, value in fields.items():
            setattr(found, name, value)
        found.full_clean()
        found.save(update_fields=list(fields))
        audit.record(user, "edit_contact", found, after={"fields": sorted(fields)})
