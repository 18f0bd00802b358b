"""What a deal's facts add up to: the one definition of a deal's present state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from tsunagu.app import bulk
from tsunagu.app.deals.models import ACTIVITY_KINDS, CONTACT_KINDS, Deal, Event, Kind, Stage
from tsunagu.app.people.models import User


class Fact(NamedTuple):
    """The columns of an event that can change a deal's state."""

    at: datetime
    kind: str
    value: str | None
    amount: Decimal | None
    direction: str | None


PLAIN = (
    "stage_since",
    "amount",
    "close_date",
    "next_step_on",
    "last_activity_at",
    "outcome",
    "ended_at",
)
"""Fields that state and deal hold alike; owner and stage are names there and rows here."""


@dataclass
class State:
    """A deal's state. ``owner`` and ``stage`` are the names that stand in the facts."""

    owner: str | None = None
    stage: str | None = None
    stage_since: datetime | None = None
    amount: Decimal | None = None
    close_date: date | None = None
    next_step_on: date | None = None
    last_activity_at: datetime | None = None
    outcome: str | None = None
    ended_at: datetime | None = None


def fold(facts: Iterable[Fact]) -> State:
    """The state after ``facts``, which come in the order of their instants.

    The first outcome ends a deal; after it only contacts and owners still count. Of several plans
    the one made last counts, until the customer is met on its day or later.
    """
    state = State()
    for fact in facts:
        _apply(state, fact)
    return state


def _apply(state: State, fact: Fact) -> None:
    if fact.kind in ACTIVITY_KINDS:
        _active(state, fact)
    elif fact.kind == Kind.OWNER:
        state.owner = fact.value
    elif state.outcome is None:
        _running(state, fact)


def _active(state: State, fact: Fact) -> None:
    state.last_activity_at = fact.at
    met = fact.kind in CONTACT_KINDS or fact.direction is not None
    due = state.next_step_on
    if met and due is not None and timezone.localdate(fact.at) >= due:
        state.next_step_on = None


def _running(state: State, fact: Fact) -> None:
    match fact.kind:
        case Kind.OUTCOME:
            state.outcome, state.ended_at, state.next_step_on = fact.value, fact.at, None
        case Kind.STAGE if fact.value != state.stage:
            state.stage, state.stage_since = fact.value, fact.at
        case Kind.AMOUNT:
            state.amount = fact.amount
        case Kind.CLOSE_DATE:
            state.close_date = _day(fact.value)
        case Kind.PLANNED:
            state.next_step_on = _day(fact.value)


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return None


def states(deal_ids: Iterable[int]) -> Iterator[tuple[int, State]]:
    """The state of each of ``deal_ids`` that has facts: one query, streamed."""
    rows = (
        Event.objects.filter(deal__in=list(deal_ids))
        .order_by("deal_id", "at")
        .values_list("deal_id", *Fact._fields)
        .iterator(10_000)
    )
    for deal_id, group in groupby(rows, key=lambda row: row[0]):
        yield deal_id, fold(Fact(*row[1:]) for row in group)


def rebuild(deals: Iterable[Deal]) -> None:
    """Make ``deals``, here and in the database, say what their facts add up to.

    A handful of statements however many deals; call it inside a transaction that locked them.
    """
    found = {deal.pk: deal for deal in deals}
    folded = dict(states(found))
    settle([(deal, folded.get(pk, State())) for pk, deal in found.items()])
    _write(found.values())


def settle(deals: Sequence[tuple[Deal, State]]) -> None:
    """Make each deal, here, say its state.

    An owner in the facts whom nobody created is passed over for the owner at creation; such a
    stage for none: imports create both first.
    """
    stages = {(s.process_id, s.key): s for s in Stage.objects.all()}
    named = {state.owner for _deal, state in deals if state.owner}
    owners = User.objects.in_bulk(named, field_name="external_id")
    for deal, state in deals:
        owner = owners.get(state.owner or "")
        # By id: the owner at creation would be asked for deal by deal.
        deal.owner_id = owner.pk if owner else deal.created_owner_id
        deal.stage = stages.get((deal.process_id, state.stage or ""))
        for name in PLAIN:
            setattr(deal, name, getattr(state, name))
        deal.changed_at = timezone.now()


def note_activities(latest: Mapping[int, datetime | None]) -> None:
    """Let deals say that activities were added, the last of each at ``latest``; None: only notes.

    The same as :func:`rebuild` without reading a fact, for deals that have no next step and were
    given none: a further contact can fulfil a plan, but not make one. Call it inside a
    transaction that locked them.
    """
    now = _as_stored(timezone.now())
    rows = [(at := _as_stored(last), at, now, pk) for pk, last in latest.items()]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE deals_deal SET last_activity_at = CASE WHEN last_activity_at > %s"
            " THEN last_activity_at ELSE coalesce(%s, last_activity_at) END, changed_at = %s"
            " WHERE id = %s",
            rows,
        )


def _write(deals: Iterable[Deal]) -> None:
    written = {"owner", "stage", *PLAIN, "changed_at"}
    bulk.update(deals, [field for field in Deal._meta.concrete_fields if field.name in written])


def _as_stored(moment: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
