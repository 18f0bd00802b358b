"""The restart plan of a case as its page tells it: gates, their evidence, and what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tsunagu.app.days import day
from tsunagu.app.deals.models import ACTIVITY_KINDS, Event, Kind
from tsunagu.app.deals.results import result_word
from tsunagu.app.interruptions.models import Decision, Interruption, Reply
from tsunagu.app.interruptions.passing import (
    LETTER,
    Contact,
    Facts,
    Gate,
    Note,
    Passage,
    answer_to_proposal,
    explanations,
    passages,
)
from tsunagu.app.interruptions.states import State, Step

_NOTES = (Step.EXPLAIN, Step.NEEDS, Step.STANDS)


@dataclass(frozen=True)
class GateStatus:
    """Where a gate stands; words are in the reader's language.

    Attributes:
        passed_at: the instant of the fact that shows it; None: not passed.
        evidence: what shows it; empty where it is not passed.
        said: what a person noted of it, or the customer wrote; ``who`` said it.
        missing: what it still waits for; empty where it is passed.
    """

    key: Gate
    passed_at: datetime | None
    evidence: str = ""
    said: str = ""
    who: str = ""
    missing: str = ""

    @property
    def label(self) -> str | Promise:
        """Its name."""
        return self.key.label


def progress(case: Interruption) -> tuple[GateStatus, ...]:
    """All five gates of ``case``, in their order."""
    return statuses(facts_of([case])[case.pk])


def statuses(facts: Facts) -> tuple[GateStatus, ...]:
    """All five gates, in their order."""
    passed = {passage.gate: passage for passage in passages(facts)}
    return tuple(
        _passed(passed[gate]) if gate in passed else _waiting(gate, facts, passed) for gate in Gate
    )


def facts_of(cases: Iterable[Interruption]) -> dict[int, Facts]:
    """What counts for the gates of each case (with its deal), by key; three queries for all."""
    plans = {case.pk: case for case in cases if case.confirmed_at is not None}
    contacts, notes = _contacts(plans.values()), _notes(plans)
    return {
        case.pk: Facts(tuple(contacts[case.pk]), tuple(notes[case.pk]), _goes_on(case))
        for case in cases
    }


def _goes_on(case: Interruption) -> bool:
    return case.deal.next_step_on is not None or case.state == State.RESUMED


class _Row(NamedTuple):
    deal_id: int
    at: datetime
    kind: str
    direction: str | None
    value: str | None
    natural_key: str | None


def _contacts(cases: Iterable[Interruption]) -> dict[int, list[Contact]]:
    """Contacts since the confirmation, up to the end where there is one, oldest first."""
    found: dict[int, list[Contact]] = defaultdict(list)
    spans = {c.deal_id: c for c in cases}
    if not spans:
        return found
    needs = _needs_told(spans.values())
    since = min(c.confirmed_at for c in spans.values() if c.confirmed_at)
    rows = Event.objects.filter(deal__in=spans, kind__in=ACTIVITY_KINDS, at__gt=since)
    for row in map(_Row._make, rows.order_by("at").values_list(*_Row._fields)):
        case = spans[row.deal_id]
        if _within(case, row.at):
            told = needs.get((row.deal_id, row.natural_key or ""), "")
            found[case.pk].append(Contact(row.at, row.kind, row.direction, row.value, told))
    return found


def _within(case: Interruption, at: datetime) -> bool:
    begun = case.confirmed_at is not None and at > case.confirmed_at
    return begun and (case.closed_at is None or at <= case.closed_at)


def _needs_told(cases: Iterable[Interruption]) -> dict[tuple[int, str], str]:
    """What customers wrote into question forms that they need, by deal and key of the fact."""
    replies = Reply.objects.filter(inquiry__case__in=[c.pk for c in cases]).exclude(needs="")
    return {
        (reply.inquiry.case.deal_id, reply.fact_key): reply.needs
        for reply in replies.select_related("inquiry__case")
    }


def _notes(cases: dict[int, Interruption]) -> dict[int, list[Note]]:
    """What people noted. Notes from before the confirmation name facts that do not count."""
    found: dict[int, list[Note]] = defaultdict(list)
    rows = Decision.objects.filter(case__in=cases, step__in=_NOTES, fact_at__isnull=False)
    for case, step, at, text, who in rows.values_list("case", "step", "fact_at", "text", "who"):
        found[case].append(Note(step, at, text, who or ""))
    return found


def contact_words(contact: Contact) -> str:
    """A contact as people call it: its kind, how it went, and its day."""
    if contact.value == LETTER:
        how = _("explanation letter")
    else:
        how = result_word(contact.kind, contact.direction, contact.value)
    name = str(Kind(contact.kind).label)
    named = _("%(kind)s (%(how)s)") % {"kind": name, "how": how} if how else name
    return _("%(what)s on %(day)s") % {"what": named, "day": day(contact.at)}


def _passed(passage: Passage) -> GateStatus:
    note = passage.note
    return GateStatus(
        passage.gate,
        passage.at,
        evidence=_evidence(passage),
        said=note.text if note else "",
        who=note.who if note else "",
    )


def _evidence(passage: Passage) -> str:
    first, *then = (contact_words(contact) for contact in passage.contacts)
    if then:
        return _("%(first)s; the customer was heard: %(then)s") % {
            "first": first,
            "then": then[0],
        }
    if passage.gate == Gate.PROPOSAL and passage.note:
        return _("The former proposal stands: %(contact)s") % {"contact": first}
    return first


def _waiting(gate: Gate, facts: Facts, passed: dict[Gate, Passage]) -> GateStatus:
    return GateStatus(gate, None, missing=_missing(gate, facts, passed))


def _missing(gate: Gate, facts: Facts, passed: dict[Gate, Passage]) -> str:  # noqa: PLR0911
    match gate:
        case Gate.EXPLAIN if explanations(facts):
            return _("You explained. Wait for the customer's word on it, then log it.")
        case Gate.EXPLAIN:
            return _("Explain what happened and listen; then say in which contact you did.")
        case Gate.CONTACT:
            return _("The customer gets in touch, or you talk with each other again.")
        case Gate.NEEDS:
            return _("Ask anew what the customer needs, and record it.")
        case Gate.PROPOSAL:
            return _("Quote anew, or record that the former proposal stands.")
        case _ if answer_to_proposal(facts, passed.get(Gate.PROPOSAL)):
            return _("The customer answered. Plan the next step.")
    return _("The customer says yes to the proposal, and a next step is planned.")
