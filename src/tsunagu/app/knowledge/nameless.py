"""What everybody may read names no customer and nobody at the customer's."""

from __future__ import annotations

from unicodedata import normalize

from tsunagu.app.customers.models import Contact
from tsunagu.app.customers.names import fold_name
from tsunagu.app.deals.models import Deal

LEAST = 2
"""A name of one letter stands in many words."""


def named_in(deal: Deal, text: str) -> str:
    """The name of the customer or of one of its people that ``text`` holds; empty for none."""
    said = _folded(text)
    names = [deal.customer.name]
    names += Contact.objects.filter(customer=deal.customer_id).values_list("name", flat=True)
    return next((name for name in names if _stands(name, said)), "")


def _stands(name: str, said: str) -> bool:
    return any(len(form) >= LEAST and form in said for form in (_folded(name), fold_name(name)))


def _folded(text: str) -> str:
    return "".join(normalize("NFKC", text).casefold().split())
