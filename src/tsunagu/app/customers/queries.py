"""What pages ask about customers. Each sees only what the person may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Length

from tsunagu.app.customers.models import Customer
from tsunagu.app.customers.names import fold_name
from tsunagu.app.lists import ordering
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers, visible_deals

SORTS = {"name": "name", "industry": "industry", "region": "region"}
DEFAULT_SORT = "name"

OFFERED = 8
"""How many customers a search offers at once."""

NEW, ANOTHER = "new", "another"
"""Choices beside existing customers: a new one, and a further one of the same name."""


def customer_list(user: User, text: str, sort: str) -> QuerySet[Customer]:
    """Customers with the number and value of the open deals that ``user`` may see."""
    running = (
        visible_deals(user)
        .filter(customer=OuterRef("pk"), outcome__isnull=True)
        .order_by()
        .values("customer")
    )
    rows = visible_customers(user).annotate(
        open_deals=Coalesce(Subquery(running.annotate(n=Count("pk")).values("n")), 0),
        open_amount=Subquery(running.annotate(total=Sum("amount")).values("total")),
    )
    if text:
        rows = rows.filter(name__icontains=text)
    return rows.order_by(*ordering(sort, SORTS, DEFAULT_SORT))


def of_the_same_name(user: User, name: str) -> list[Customer]:
    """Customers whose name means the same as ``name``.

    Reads every name: what a name means cannot be asked of the database, and it is asked for only
    where somebody is about to create a customer.
    """
    wanted = fold_name(name)
    names = visible_customers(user).order_by("pk").values_list("pk", "name")
    found = [pk for pk, other in names.iterator(10_000) if fold_name(other) == wanted]
    return list(Customer.objects.filter(pk__in=found[:OFFERED]))


@dataclass(frozen=True)
class Offers:
    """Customers that a written name can mean; ``chosen`` is the choice that stands."""

    name: str
    customers: list[Customer]
    same: bool
    more: bool
    chosen: str

    @property
    def new(self) -> str:
        """The choice that creates one."""
        return ANOTHER if self.same else NEW


def offers(user: User, name: str, chosen: str = "", known: Sequence[Customer] = ()) -> Offers:
    """What to choose from for ``name``; without a choice, the only sensible one is made.

    ``known`` are customers of that name which the search may not find: written in another width.
    """
    rows = {customer.pk: customer for customer in (*known, *_matching(user, name))}
    wanted = fold_name(name)
    found = sorted(rows.values(), key=lambda customer: fold_name(customer.name) != wanted)
    same = [customer for customer in found if fold_name(customer.name) == wanted]
    new = ANOTHER if same else NEW
    if chosen not in {str(pk) for pk in rows} | {new}:
        chosen = str(same[0].pk) if len(same) == 1 else "" if found else new
    return Offers(name, found[:OFFERED], bool(same), len(found) > OFFERED, chosen)


def _matching(user: User, name: str) -> list[Customer]:
    """The nearest, one more than are offered: the less a name holds beside the text, the nearer."""
    if not name:
        return []
    written = Q()
    for text in {name, normalize("NFKC", name), fold_name(name)}:
        written |= Q(name__icontains=text)
    rows = visible_customers(user).filter(written)
    return list(rows.order_by(Length("name"), "name", "pk")[: OFFERED + 1])
