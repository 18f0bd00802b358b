"""What can be done to customers: each with its permission, transaction and audit entry."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from tsunagu.app.customers.models import Customer
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

EDITABLE = ("name", "industry", "size", "region", "attributes")


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
