"""How a contact went: what a person taps, and what it means as a fact."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.models import Direction, Kind

NO_ANSWER = "no_answer"
"""An activity's ``value`` where the customer was tried in vain."""


@dataclass(frozen=True)
class Result:
    """One way a contact of some kind can go."""

    key: str
    direction: Direction
    label: str | Promise

    @property
    def value(self) -> str | None:
        """What the fact says beside its direction."""
        return NO_ANSWER if self.key == NO_ANSWER else None


def _results(talked: Promise, no_answer: Promise, they: Promise) -> tuple[Result, ...]:
    return (
        Result("talked", Direction.BOTH, talked),
        Result(NO_ANSWER, Direction.OUT, no_answer),
        Result("they", Direction.IN, they),
    )


RESULTS: dict[str, tuple[Result, ...]] = {
    Kind.CALL: _results(_("Talked"), _("No answer"), _("They called")),
    Kind.EMAIL: _results(_("Both wrote"), _("No reply yet"), _("They wrote")),
    Kind.MEETING: _results(_("Met"), _("They did not come"), _("They asked to meet")),
    Kind.VISIT: _results(_("Talked there"), _("Nobody was there"), _("They came to us")),
    Kind.QUOTE: (
        Result("sent", Direction.OUT, _("Sent")),
        Result("talked", Direction.BOTH, _("Handed over and talked")),
        Result("they", Direction.IN, _("They asked for one")),
    ),
}
"""What the sheet for activities offers, by kind."""

ICONS = {
    Kind.CALL: "phone",
    Kind.EMAIL: "mail",
    Kind.MEETING: "users",
    Kind.VISIT: "map-pin",
    Kind.QUOTE: "currency-yen",
}


def find(kind: str, key: str) -> Result | None:
    """The result of ``kind`` with that key."""
    return next((r for r in RESULTS.get(kind, ()) if r.key == key), None)


def result_word(kind: str, direction: str | None, value: str | None) -> str:
    """How the contact went, in words; empty for what is no contact."""
    if direction not in Direction.values:
        return ""
    key = NO_ANSWER if value == NO_ANSWER else "talked" if direction == Direction.BOTH else ""
    told = find(kind, key)
    return str(told.label if told else Direction(direction).label)
