"""Which gates of the restart plan are passed: a function of facts, and of nothing else.

What each gate asks for, and why, stands in ``docs/decisions/0008-gates-on-evidence.md``. A gate is
passed at the instant of the fact that shows it, never before the gate that goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.models import FROM_THEM, Direction, Kind
from tsunagu.app.deals.results import NO_ANSWER
from tsunagu.app.interruptions.states import Step

LETTER = "letter"
"""The value of an e-mail or a letter whose purpose is to explain."""

_TALKS = (Kind.CALL, Kind.MEETING, Kind.VISIT)
_CAN_EXPLAIN = (*_TALKS, Kind.EMAIL)


class Gate(TextChoices):
    """The staged return, in its order."""

    EXPLAIN = "explain", _("Explain and listen")
    CONTACT = "contact", _("Two-way contact again")
    NEEDS = "needs", _("Needs re-confirmed")
    PROPOSAL = "proposal", _("Revised proposal")
    RESUMED = "resumed", _("The customer's yes")


@dataclass(frozen=True)
class Contact:
    """A contact with the customer since the case was confirmed; ``needs``: as a form told them."""

    at: datetime
    kind: str
    direction: str | None
    value: str | None = None
    needs: str = ""

    @property
    def heard(self) -> bool:
        """Whether the customer spoke."""
        return self.direction in FROM_THEM

    @property
    def can_explain(self) -> bool:
        """Whether we reached the customer: a talk that took place, a mail that went out."""
        tried = self.kind in _TALKS and self.value == NO_ANSWER
        return (
            self.kind in _CAN_EXPLAIN
            and self.direction in (Direction.OUT, Direction.BOTH)
            and (not tried)
        )

    @property
    def offers(self) -> bool:
        """Whether it is a quote of ours."""
        return self.kind == Kind.QUOTE and self.direction != Direction.IN


@dataclass(frozen=True)
class Note:
    """What a person said that the contact at ``fact_at`` shows."""

    step: str
    fact_at: datetime
    text: str
    who: str = ""


@dataclass(frozen=True)
class Facts:
    """Contacts oldest first, notes, and whether a next step is planned (or the sale went on)."""

    contacts: tuple[Contact, ...] = ()
    notes: tuple[Note, ...] = ()
    planned: bool = False

    def noted(self, *steps: Step) -> Iterator[tuple[Contact, Note]]:
        """Notes of these steps whose contact stands in the facts, the earliest contact first."""
        by_instant = {contact.at: contact for contact in self.contacts}
        found = [n for n in self.notes if n.step in steps and n.fact_at in by_instant]
        for note in sorted(found, key=lambda n: n.fact_at):
            yield by_instant[note.fact_at], note


@dataclass(frozen=True)
class Passage:
    """A gate that is passed: when, and the contacts and the note that show it."""

    gate: Gate
    at: datetime
    contacts: tuple[Contact, ...]
    note: Note | None = None


def passages(facts: Facts) -> tuple[Passage, ...]:
    """The gates that are passed, in their order, up to the first that is not."""
    found: list[Passage] = []
    for find in (_explained, _in_contact, _needs, _proposed, _yes):
        passage = find(facts, found[-1] if found else None)
        if passage is None:
            break
        found.append(passage)
    return tuple(found)


def explanations(facts: Facts) -> list[tuple[Contact, Note | None]]:
    """Contacts that explained: those that a person said so of, and letters."""
    said = {contact.at: (contact, note) for contact, note in facts.noted(Step.EXPLAIN)}
    letters = ((c, None) for c in facts.contacts if c.can_explain and c.value == LETTER)
    return [*said.values(), *(pair for pair in letters if pair[0].at not in said)]


def may_show_needs(facts: Facts) -> list[Contact]:
    """Contacts in which the needs can have been re-confirmed."""
    return _heard_from(facts, _gate(facts, Gate.CONTACT))


def may_show_that_it_stands(facts: Facts) -> list[Contact]:
    """Contacts in which the customer can have said that the former proposal stands."""
    return _heard_from(facts, _gate(facts, Gate.NEEDS))


def _gate(facts: Facts, gate: Gate) -> Passage | None:
    return next((p for p in passages(facts) if p.gate == gate), None)


def _heard_from(facts: Facts, since: Passage | None) -> list[Contact]:
    return [c for c in facts.contacts if since and c.heard and c.at >= since.at]


def _explained(facts: Facts, _before: Passage | None) -> Passage | None:
    """A talk that explained lets the customer be heard; a mail or letter waits for a word."""
    found = []
    for contact, note in explanations(facts):
        heard = contact if contact.heard else _first(facts.contacts, contact.at)
        if heard is not None:
            pair = (contact,) if heard is contact else (contact, heard)
            found.append(Passage(Gate.EXPLAIN, heard.at, pair, note))
    return _earliest(found)


def _in_contact(facts: Facts, before: Passage | None) -> Passage | None:
    assert before is not None  # noqa: S101  # tells the type checker
    again = _first(facts.contacts, before.at)
    return Passage(Gate.CONTACT, again.at, (again,)) if again else None


def _needs(facts: Facts, before: Passage | None) -> Passage | None:
    heard = _heard_from(facts, before)
    told = [
        Passage(Gate.NEEDS, c.at, (c,), Note(Step.NEEDS, c.at, c.needs)) for c in heard if c.needs
    ]
    noted = [Passage(Gate.NEEDS, c.at, (c,), n) for c, n in facts.noted(Step.NEEDS) if c in heard]
    return _earliest([*noted, *told])


def _proposed(facts: Facts, before: Passage | None) -> Passage | None:
    assert before is not None  # noqa: S101  # tells the type checker
    quotes = [c for c in facts.contacts if c.offers and c.at > before.at]
    stands = _heard_from(facts, before)
    noted = [
        Passage(Gate.PROPOSAL, c.at, (c,), n) for c, n in facts.noted(Step.STANDS) if c in stands
    ]
    return _earliest([*noted, *(Passage(Gate.PROPOSAL, c.at, (c,)) for c in quotes)])


def _yes(facts: Facts, before: Passage | None) -> Passage | None:
    """Whoever says that the former proposal stands has said yes; a quote waits for it."""
    found = answer_to_proposal(facts, before)
    return Passage(Gate.RESUMED, found.at, (found,)) if found and facts.planned else None


def answer_to_proposal(facts: Facts, proposal: Passage | None) -> Contact | None:
    """The customer's first word after the proposal."""
    if proposal is None:
        return None
    if proposal.note is not None:
        return proposal.contacts[0]
    return _first(facts.contacts, proposal.at)


def _first(contacts: Iterable[Contact], after: datetime) -> Contact | None:
    return next((c for c in contacts if c.heard and c.at > after), None)


def _earliest(found: list[Passage]) -> Passage | None:
    return min(found, key=lambda p: p.at, default=None)
