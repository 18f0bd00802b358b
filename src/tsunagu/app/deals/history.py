"""A deal's facts as people tell them: names instead of keys, days and what stood before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Deal, Event, Kind, Outcome, Stage
from tsunagu.app.deals.results import result_word
from tsunagu.app.people.models import User

CHANGES = (
    Kind.STAGE,
    Kind.AMOUNT,
    Kind.CLOSE_DATE,
    Kind.OWNER,
    Kind.OUTCOME,
    Kind.INTERRUPTION,
    Kind.RESUMED,
)
"""Facts about the sale itself; the rest is what people did and planned."""


PLAY = "play:"
"""So the value of an activity begins by which an interruption was answered."""

PLAYS = {
    "none": _("No play"),
    "explain_and_listen": _("Explain and listen"),
    "joint_visit": _("Visit together with the manager"),
    "revised_proposal": _("Revised proposal"),
    "price_review": _("Review of the price"),
    "new_contact": _("Another contact person sought"),
    "wait_and_nurture": _("Wait for the right time"),
}
"""Plays that event logs name, such as that of the simulator."""

OF_CONTACTS = (Kind.CONTACT, Kind.CONTACT_LEFT)
"""Facts whose value is a contact's key."""

KIND_WORDS = {kind.value: kind.label for kind in Kind}
"""Far quicker than ``get_kind_display``, which translates every choice at every call."""


@dataclass(frozen=True)
class Told:
    """A fact ready to be written; ``name`` is what its value stands for, where it is a key."""

    event: Event
    who: str
    name: str = ""
    on: date | None = None
    result: str = ""
    before: Told | None = None

    @property
    def kind(self) -> str | Promise:
        """The kind's word."""
        return KIND_WORDS[self.event.kind]


def tell(events: Iterable[Event]) -> list[Told]:
    """Word ``events``, which come newest first, in three queries however many they are.

    ``before`` is the fact of the same kind and deal that this one replaced, if it is among them.
    """
    events = list(events)
    stages, people = _stage_names(events), _people(events)
    contacts = _contacts(events, people)
    told: list[Told] = []
    earlier: dict[tuple[int, str], Told] = {}
    for event in reversed(events):
        names = people | contacts.get(event.deal_id, {})
        fact = Told(
            event=event,
            who=names.get(event.actor or "", event.actor or ""),
            name=_name(event, stages, names),
            on=_day(event.value) if event.kind in {Kind.CLOSE_DATE, Kind.PLANNED} else None,
            result=result_word(event.kind, event.direction, event.value),
            before=earlier.get((event.deal_id, event.kind)),
        )
        earlier[event.deal_id, event.kind] = fact
        told.append(fact)
    return told[::-1]


def events_of(deal: Deal, show: str) -> QuerySet[Event]:
    """The deal's facts, newest first; ``show``: ``activities``, ``changes``, else all."""
    events: QuerySet[Event] = Event.objects.filter(deal=deal).order_by("-at")
    changes = Q(kind__in=CHANGES)
    return events.filter({"activities": ~changes, "changes": changes}.get(show, Q()))


def _stage_names(events: list[Event]) -> dict[str, str]:
    keys = {e.value for e in events if e.kind == Kind.STAGE and e.value}
    return dict(Stage.objects.filter(key__in=keys).values_list("key", "name"))


def _people(events: list[Event]) -> dict[str, str]:
    names = {e.actor for e in events} | {e.value for e in events if e.kind == Kind.OWNER}
    known = User.objects.filter(external_id__in=names - {None, ""})
    return dict(known.values_list("external_id", "name"))


def _contacts(events: list[Event], people: dict[str, str]) -> dict[int, dict[str, str]]:
    """By deal, its customer's people by their keys, which are the customer's own.

    Who acted and is one of our ``people`` is not looked for again.
    """
    actors = {event.actor for event in events} - people.keys()
    keys = actors | {event.value for event in events if event.kind in OF_CONTACTS}
    rows = Contact.objects.filter(
        external_id__in=keys - {None, ""}, customer__deals__in={e.deal_id for e in events}
    )
    names: dict[int, dict[str, str]] = defaultdict(dict)
    for deal, key, name in rows.values_list("customer__deals", "external_id", "name"):
        names[deal][key] = name
    return names


def _name(event: Event, stages: dict[str, str], people: dict[str, str]) -> str:
    value = event.value or ""
    if event.kind == Kind.STAGE:
        return stages.get(value, value)
    if event.kind in {Kind.OWNER, *OF_CONTACTS}:
        return people.get(value, value)
    if event.kind == Kind.ACTIVITY and value.startswith(PLAY):
        return play_word(value)
    if event.kind == Kind.OUTCOME and value in Outcome.values:
        return str(Outcome(value).label)
    return value


def play_word(value: str) -> str:
    """The play that an activity's ``value`` names, in words; one that is not known as it stands."""
    key = value.removeprefix(PLAY)
    return str(PLAYS.get(key, key.replace("_", " ")))


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return None
