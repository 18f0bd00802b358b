"""Lists of customers and their contact persons, as they are exported."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.customers.queries import DEFAULT_SORT, customer_list
from tsunagu.app.listing import Listed, column
from tsunagu.app.lists import search_text
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers


def _customers(user: User, query: QueryDict) -> QuerySet[Customer]:
    return customer_list(user, search_text(query), query.get("sort", DEFAULT_SORT))


def _contacts(user: User, query: QueryDict) -> QuerySet[Contact]:
    """Of the customers that were asked for: one, or those of the list."""
    text, one = search_text(query), query.get("of", "")
    customers = visible_customers(user)
    if one.isascii() and one.isdigit() and len(one) < 18:
        customers = customers.filter(pk=int(one))
    elif text:
        customers = customers.filter(name__icontains=text)
    return Contact.objects.filter(customer__in=customers.order_by().values("pk")).order_by(
        "customer__name", "customer", "name", "pk"
    )


CUSTOMERS = Listed(
    "customers",
    _("Customers"),
    _customers,
    (
        column(_("Customer number"), "external_id"),
        column(_("Name"), "name"),
        column(_("Industry"), "industry"),
        column(_("Size"), "size"),
        column(_("Region"), "region"),
        column(_("Running deals"), "open_deals"),
        column(_("Amount"), "open_amount"),
    ),
    beside=("contacts",),
)

CONTACTS = Listed(
    "contacts",
    _("Contacts"),
    _contacts,
    (
        column(_("Contact number"), "external_id"),
        column(_("Customer number"), "customer__external_id"),
        column(_("Customer name"), "customer__name"),
        column(_("Full name"), "name"),
        column(_("Job title"), "title"),
        column(_("Department"), "department"),
        column(_("Role"), "role"),
        column(_("E-mail address"), "email"),
        column(_("Telephone"), "phone"),
    ),
)
