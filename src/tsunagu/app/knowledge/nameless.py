"""What everybody may read names no customer and nobody at the customer's."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import normalize

from tsunagu.app.customers.models import Contact
from tsunagu.app.customers.names import fold_name
from tsunagu.app.deals.models import Deal

LEAST = 2
"""A name of one letter stands in many words."""


def named_in(deal: Deal, text: str) -> str:
    """The name of the customer or of one of its people that ``text`` holds; empty for none."""
    plain = folded(text)
    return next((name for name in names(deal) if holds(plain, *forms(name))), "")


def names(deal: Deal) -> Iterator[str]:
    """The customer's and its people's."""
    yield deal.customer.name
    yield from Contact.objects.filter(customer=deal.customer_id).values_list("name", flat=True)


def forms(name: str) -> tuple[str, ...]:
    """A name as people write it: whole, and without what companies are called by law."""
    return folded(name), folded(fold_name(name))


def holds(plain: str, *needles: str) -> bool:
    """Whether a :func:`folded` text holds one of them; what is too short is not looked for."""
    return any(len(needle) >= LEAST and needle in plain for needle in needles)


def folded(text: str) -> str:
    """Without differences of width, case and spaces."""
    return "".join(normalize("NFKC", text).casefold().split())
