"""The simulated organisation's interruptions, as its people would have recorded them."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions import folding
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import CauseNote, Decision, Interruption
from tsunagu.app.interruptions.states import State, Step
from tsunagu.app.knowledge import actions as review_actions
from tsunagu.app.knowledge import profiles
from tsunagu.app.people.models import User
from tsunagu.app.playbooks import actions as playbook_actions
from tsunagu.app.playbooks.queries import fitting

REVIEWED = 1
"""So many of the newest cases of each lesson were reviewed: nobody writes the same twice."""

DUE = 6
"""So many of the newest cases that are over wait for their review."""

ANSWERED_EACH = 2
"""Of so many confirmed cases one is answered with a playbook."""

RECENT, MOST_RECENT = timedelta(days=180), 24
FOUND = Cause.LOST_INTEREST
"""The cause that the person who logs in found."""

_TOLD = (Kind.INTERRUPTION, Kind.RESUMED)


def tell() -> None:
    """Make cases of what the deals' facts say, review some that are over, answer some that live."""
    with transaction.atomic():
        cases = [_case(deal, facts) for deal, facts in _worth_telling()]
        for case in cases:
            folding.fold(case)
    profiles.keep_up()
    over = sorted((c for c in cases if c.closed_at), key=attrgetter("closed_at"), reverse=True)
    for case in _to_review(over[DUE:]):
        _review(case)
    living = [case for case in cases if case.is_living]
    for case in living[::ANSWERED_EACH]:
        _answer(case)


def work(user: User) -> None:
    """``user`` confirms a suspicion and answers it with a playbook; others wait."""
    case = Interruption.objects.filter(state=State.SUSPECTED, deal__owner=user).first()
    if case is not None:
        _answer(case_actions.confirm(user, case, main=FOUND))


def _worth_telling() -> Iterator[tuple[Deal, list[Event]]]:
    """All but old cases that nobody ended, and more recent ends than people would review."""
    since, recent = timezone.now() - RECENT, 0
    for deal, facts in _interrupted():
        ended = _ended_at(deal, facts)
        recent += ended is not None and ended >= since
        lives = ended is None and facts[0].at >= since
        if lives or (ended is not None and (ended < since or recent <= MOST_RECENT)):
            yield deal, facts


def _interrupted() -> Iterator[tuple[Deal, list[Event]]]:
    """Deals with the facts that say that they were interrupted or went on."""
    facts = Event.objects.filter(kind__in=_TOLD).select_related("deal__owner", "deal__team")
    for _key, rows in groupby(facts.order_by("deal", "at"), attrgetter("deal_id")):
        told = list(rows)
        yield told[0].deal, told


def _case(deal: Deal, facts: Sequence[Event]) -> Interruption:
    """A case with the decisions that lie behind the facts; the caller folds it."""
    first = facts[0]
    case = folding.begin(deal, by=deal.owner, at=first.at - timedelta(minutes=1))
    causes = [first.value] if first.value in Cause.values else []
    Decision.objects.bulk_create(
        Decision(case=case, **said) for said in _decisions(deal, facts, causes)
    )
    CauseNote.objects.bulk_create(
        CauseNote(case=case, cause=cause, main=True, set_by=deal.owner, at=first.at)
        for cause in causes
    )
    return case


def _decisions(deal: Deal, facts: Sequence[Event], causes: list[Any]) -> Iterator[dict[str, Any]]:
    first, *later = facts
    yield {"at": first.at, "by": deal.owner, "step": Step.CONFIRM, "causes": causes}
    ended = _ended_at(deal, facts)
    if any(fact.kind == Kind.RESUMED for fact in later):
        yield {"at": ended, "by": deal.owner, "step": Step.RESUME}
    elif ended:
        yield {"at": ended, "step": Step.ENDED, "value": deal.outcome}


def _ended_at(deal: Deal, facts: Sequence[Event]) -> datetime | None:
    """When the interruption was over: the sale went on, or the deal ended."""
    went_on = next((fact.at for fact in facts[1:] if fact.kind == Kind.RESUMED), None)
    return went_on or (max(deal.ended_at, facts[0].at) if deal.ended_at else None)


@cache
def _lessons() -> dict[str, Any]:
    text = files("tsunagu.app.demo").joinpath("lessons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _to_review(over: Sequence[Interruption]) -> Iterator[Interruption]:
    """Some for each lesson."""
    count: Counter[str] = Counter()
    for case in over:
        lesson = case.main_cause if case.main_cause in _lessons() else "any"
        count[lesson] += 1
        if count[lesson] <= REVIEWED:
            yield case


def _review(case: Interruption) -> None:
    said = _lessons().get(case.main_cause) or _lessons()["any"]
    lesson, worked, improvement = said["ja" if get_language() == "ja" else "en"]
    owner, cause = case.deal.owner, case.main_cause or Cause.COMMUNICATION
    review_actions.set_causes(owner, case, cause, {cause: said["influence"]})
    review_actions.say_what_worked(owner, case, worked)
    review_actions.add_lesson(owner, case, lesson)
    until = timezone.localdate() + timedelta(days=14)
    task = {"remedy": said["remedy"], "owner": owner, "due_on": until, "team": case.deal.team}
    review_actions.add_improvement(owner, case, improvement, **task)
    review_actions.finish(owner, case)


def _answer(case: Interruption) -> None:
    """The playbook for the cause is started by the deal's owner."""
    playbook_actions.start_run(case.deal.owner, case, fitting([case.main_cause])[0])
