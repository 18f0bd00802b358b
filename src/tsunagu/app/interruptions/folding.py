"""Writes decisions and what follows from them; who calls holds the deal's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import gates
from tsunagu.app.interruptions.models import Decision, Interruption
from tsunagu.app.interruptions.passing import passages
from tsunagu.app.interruptions.states import ALLOWED, Step, standing
from tsunagu.app.people.models import User


def begin(deal: Deal, *, by: User | None = None, at: datetime | None = None) -> Interruption:
    """A new case of ``deal``, which has no living one; it is suspected at first.

    Raises:
        IntegrityError: if another one lives after all.
    """
    return begin_many([deal], by=by, at=at)[0]


def begin_many(
    deals: Sequence[Deal], *, by: User | None = None, at: datetime | None = None
) -> list[Interruption]:
    """:func:`begin` for many deals in three statements."""
    moment = at or timezone.now()
    earlier = Interruption.objects.filter(deal__in=[d.pk for d in deals]).order_by("number")
    last = {case.deal_id: case for case in earlier}
    cases = [_new(deal, last.get(deal.pk), by, moment) for deal in deals]
    Interruption.objects.bulk_create(cases)
    Decision.objects.bulk_create(
        Decision(case=case, at=moment, by=by, step=Step.OPEN) for case in cases
    )
    return cases


def _new(deal: Deal, before: Interruption | None, by: User | None, at: datetime) -> Interruption:
    return Interruption(
        deal=deal,
        number=before.number + 1 if before else 1,
        previous=before,
        opened_at=at,
        opened_by=by,
        state_since=at,
        value=deal.amount,
    )


def decide(  # noqa: PLR0913
    case: Interruption,
    step: Step,
    *,
    by: User | None = None,
    value: str = "",
    text: str = "",
    causes: list[str] | None = None,
    fact_at: datetime | None = None,
    who: str | None = None,
    grade: int | None = None,
) -> Decision:
    """Add a decision and fold the case anew."""
    decision = Decision.objects.create(
        case=case,
        at=timezone.now(),
        by=by,
        step=step,
        value=value,
        text=text,
        causes=causes or [],
        fact_at=fact_at,
        who=who,
        grade=grade,
    )
    fold(case)
    return decision


def begin_where_explained(cases: Iterable[Interruption]) -> None:
    """Let the restart begin on those (with their deals) whose first gate is passed.

    No person does it: it follows from the facts.
    """
    ready = [case for case in cases if case.state in ALLOWED[Step.RESTART]]
    facts = gates.facts_of(ready)
    for case in ready:
        if passages(facts[case.pk]):
            decide(case, Step.RESTART)


def fold(case: Interruption) -> None:
    """Make ``case``, here and in the database, say what its decisions add up to."""
    decisions = list(Decision.objects.filter(case=case))
    found = standing(decisions)
    if found is None:
        return
    case.state, case.state_since = found.state, found.since
    case.confirmed_at, case.closed_at = found.confirmed_at, found.closed_at
    case.main_cause = _main_cause(decisions)
    case.grade = next((d.grade for d in reversed(decisions) if d.grade is not None), None)
    written = ["state", "state_since", "confirmed_at", "closed_at", "main_cause", "grade"]
    case.save(update_fields=written)


def _main_cause(decisions: list[Decision]) -> str:
    """The first of those set last; a confirmation without any changes nothing."""
    said = [d for d in decisions if d.causes or d.step == Step.CAUSES]
    return str(said[-1].causes[0]) if said and said[-1].causes else ""
