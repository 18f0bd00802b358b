"""The person whose data is meant, and how this person is recognised in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tsunagu.app.customers.models import Contact
from tsunagu.app.people.models import User

SPACE = "[ \\u3000]?"
CERTAIN = 3
"""A name of fewer letters is part of many words, and is recognised only where it stands alone."""

HONORIFICS = "\\u69d8|\\u3055\\u307e|\\u3055\\u3093|\\u6c0f|\\u6bbf"
"""What follows a name in Japanese without a space: sama (two spellings), san, shi, dono."""


@dataclass(frozen=True)
class Subject:
    """A contact person or a user.

    Attributes:
        row: the person's own row.
        key: the person's name in facts; compared as a whole only, for it may be a mere number.
        names, addresses, phones: recognised anywhere in a text.
    """

    row: Contact | User
    key: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    phones: tuple[str, ...]

    @classmethod
    def of(cls, row: Contact | User) -> Subject:
        """The subject whose own row is ``row``."""
        phone = row.phone if isinstance(row, Contact) else ""
        return cls(
            row=row,
            key=row.external_id,
            names=tuple(n for n in (row.name.strip(),) if n),
            addresses=tuple(a for a in (row.email,) if a),
            phones=tuple(p for p in (phone,) if p),
        )

    @property
    def is_user(self) -> bool:
        """Whether the person is a user; else a contact person."""
        return isinstance(self.row, User)

    @property
    def is_erased(self) -> bool:
        """Whether only the pseudonym is left."""
        return self.row.name == self.pseudonym

    @cached_property
    def pseudonym(self) -> str:
        """What stands for the person afterwards, in the organisation's language."""
        with translation.override(settings.LANGUAGE_CODE):
            word = _("Erased user %(number)d") if self.is_user else _("Erased contact %(number)d")
            return word % {"number": self.row.pk}

    @cached_property
    def spellings(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """For each name or address a needle, and the spellings that all hold the needle."""
        gaps = ("", " ", "\u3000")
        names = (
            (max(parts, key=len), tuple(dict.fromkeys(gap.join(parts) for gap in gaps)))
            for parts in (name.split() for name in self.names)
        )
        return (*names, *((exact, (exact,)) for exact in (*self.addresses, *self.phones)))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the name, address or telephone number, but not as a part of another."""
        parts = [
            *(rf"(?<![\w.+-]){re.escape(a)}(?![\w-]|\.\w)" for a in self.addresses),
            *(rf"(?<!\d){re.escape(p)}(?!\d)" for p in self.phones),
            *(_pattern_of_name(name) for name in self.names),
        ]
        return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)

    def without(self, text: str) -> str:
        """``text`` with the pseudonym in the person's place."""
        return self.pattern.sub(lambda _match: self.pseudonym, text)

    def without_json(self, value: Any, under: str = "") -> Any:
        """The same for every text of a JSON value; ``under`` is the key at which it stands."""
        if isinstance(value, str):
            is_key = value == self.key and under in {"owner", "actor"}
            return self.pseudonym if is_key else self.without(value)
        if isinstance(value, list):
            return [self.without_json(item, under) for item in value]
        if isinstance(value, dict):
            return {self.without(k): self.without_json(item, k) for k, item in value.items()}
        return value


def _pattern_of_name(name: str) -> str:
    pattern = SPACE.join(re.escape(part) for part in name.split())
    if len("".join(name.split())) < CERTAIN:
        return rf"(?<!\w){pattern}(?={HONORIFICS}|\W|$)"
    before = r"(?<![A-Za-z])" if name[0].isascii() else ""
    after = r"(?![A-Za-z])" if name[-1].isascii() else ""
    return before + pattern + after


def find(kind: str, pk: int) -> Contact | User | None:
    """The row of a subject; ``kind`` is ``contact`` or ``user``."""
    if kind == "contact":
        return Contact.objects.filter(pk=pk).first()
    return User.objects.filter(pk=pk).first() if kind == "user" else None
