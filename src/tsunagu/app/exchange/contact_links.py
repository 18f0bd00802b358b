"""Activities that name a person, not a deal: the person's deal that was open at that time.

A word names a customer by its number, or a contact by number, e-mail or telephone; a contact's
deals are those of its customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals.models import Deal
from tsunagu.app.exchange import facts

Integers: TypeAlias = NDArray[np.int64]

NONE, SEVERAL = 0, -1
"""Instead of a deal's id: no deal was open then, or more than one."""

_FOREVER = np.iinfo(np.int64).max
_TELEPHONE = 9
"""Digits from which a number can be a telephone's."""


class Span(NamedTuple):
    """When a deal was open, in microseconds since 1970."""

    deal: int
    since: int
    until: int


class ContactLinks:
    """Finds deals by words; one for a whole file."""

    def deals_at(self, words: list[str], codes: Integers, at: Integers) -> Integers:
        """The deal of each row, or :data:`NONE` or :data:`SEVERAL`.

        Args:
            words: the different words.
            codes: each row's word, as a place in ``words``.
            at: each row's instant in microseconds since 1970.
        """
        spans = self._spans(words)
        found = np.full(len(codes), NONE, np.int64)
        order = np.argsort(codes, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            for span in spans[int(codes[rows[0]])] if len(rows) else ():
                inside = rows[(at[rows] >= span.since) & (at[rows] <= span.until)]
                found[inside] = np.where(found[inside] == NONE, span.deal, SEVERAL)
        return found

    def _spans(self, words: list[str]) -> list[list[Span]]:
        customers = self._customers(words)
        rows = Deal.objects.filter(customer__in={pk for pks in customers for pk in pks})
        spans: dict[int, list[Span]] = {}
        known = rows.values_list("customer_id", "pk", "created_at", "ended_at")
        for customer, pk, since, until in known:
            end = facts.micros(until) if until else _FOREVER
            spans.setdefault(customer, []).append(Span(pk, facts.micros(since), end))
        return [[span for pk in pks for span in spans.get(pk, ())] for pks in customers]

    def _customers(self, words: list[str]) -> list[set[int]]:
        """The customers that each word can mean."""
        known: dict[str, set[int]] = {}
        mails = {word.lower() for word in words if "@" in word}
        contacts = Contact.objects.filter(Q(external_id__in=words) | Q(email__in=mails))
        for number, mail, customer in contacts.values_list("external_id", "email", "customer_id"):
            for name in {number, mail} - {""}:
                known.setdefault(name, set()).add(customer)
        for number, pk in _numbered(words):
            known.setdefault(number, set()).add(pk)
        return [
            known.get(word) or known.get(word.lower()) or self._by_telephone(word) for word in words
        ]

    def _by_telephone(self, word: str) -> set[int]:
        digits = telephone(word)
        return self._telephones.get(digits, set()) if digits else set()

    @cached_property
    def _telephones(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        rows = Contact.objects.exclude(phone="").values_list("phone", "customer_id")
        for phone, customer in rows.iterator(10_000):
            found.setdefault(telephone(phone), set()).add(customer)
        return found


def _numbered(words: Iterable[str]) -> Iterable[tuple[str, int]]:
    return Customer.objects.filter(external_id__in=list(words)).values_list("external_id", "pk")


def telephone(text: str) -> str:
    """The digits of a telephone number as dialled in its country; "" if it is none."""
    digits = re.sub(r"[\s()/.-]", "", text)
    national = re.sub(r"^\+81", "0", digits).removeprefix("+")
    return national if national.isdecimal() and len(national) >= _TELEPHONE else ""
