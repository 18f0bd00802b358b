"""What the representative records beside contact: stages, money, dates, people, interruptions."""

from __future__ import annotations

import numpy as np

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.simulation import causes
from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.contacts import BOTH, OUT, topic
from tsunagu.analytics.simulation.lives import BROKEN_OFF
from tsunagu.analytics.simulation.organisation import CONTACTS_PER_CUSTOMER
from tsunagu.analytics.simulation.trail import Trail
from tsunagu.analytics.simulation.workdays import Floats, Ints

_QUOTE_STAGE = words.STAGES.index("見積")
_BUDGET = causes.CAUSE_NAMES.index("customer.budget_reviewed")
_MOST_PUSHES = 5


def add_facts(trail: Trail) -> None:
    """Add everything but contact, next steps and notes."""
    _add_stages(trail)
    _add_steps_back(trail)
    _add_money(trail)
    _add_close_dates(trail)
    _add_people(trail)
    _add_owner_changes(trail)
    _add_competitors(trail)
    _add_interruptions(trail)
    trail.add_outcomes(_reasons(trail))


def _all(trail: Trail) -> Ints:
    return np.arange(trail.lives.starts.count)


def _add_stages(trail: Trail) -> None:
    stages = trail.lives.ends.stages
    deal, stage = np.nonzero(np.isfinite(stages))
    trail.add(Kind.STAGE, deal, stages[deal, stage], value=trail.codes.of("stage", stage))


def _add_steps_back(trail: Trail) -> None:
    """One deal in twelve goes back from the proposal to the hearing, and forth again."""
    rng, stages = trail.branch.rng, trail.lives.ends.stages
    begin, end = stages[:, 2], np.minimum(stages[:, 3], stages[:, 2] + 40)
    deal = np.flatnonzero(np.isfinite(begin) & (rng.random(len(begin)) < 0.08))
    length = end[deal] - begin[deal]
    for stage, share in ((1, 0.3), (2, 0.75)):
        value = trail.codes.of("stage", np.full(len(deal), stage))
        trail.add(Kind.STAGE, deal, begin[deal] + share * length, value=value)


def _add_money(trail: Trail) -> None:
    rng, starts, deal = trail.branch.rng, trail.lives.starts, _all(trail)
    trail.add(Kind.AMOUNT, deal, starts.created, amount=starts.amount)
    quoted = trail.lives.ends.stages[:, _QUOTE_STAGE] + rng.uniform(0.1, 3, len(deal))
    offer = np.round(starts.amount * rng.lognormal(0, 0.12, len(deal)), -3)
    trail.add(Kind.QUOTE, deal, quoted, amount=offer, direction=OUT)
    changed = rng.random(len(deal)) < 0.5
    trail.add(Kind.AMOUNT, deal, np.where(changed, quoted + 0.02, np.inf), amount=offer)
    again = np.where(rng.random(len(deal)) < 0.3, quoted + rng.uniform(3, 10, len(deal)), np.inf)
    lower = np.round(offer * rng.uniform(0.85, 1.0, len(deal)), -3)
    trail.add(Kind.QUOTE, deal, again, amount=lower, direction=OUT)
    _add_cuts(trail)


def _add_cuts(trail: Trail) -> None:
    """Cuts come before breaks for want of budget, and in other deals too."""
    rng, lives, deal = trail.branch.rng, trail.lives, _all(trail)
    budget = lives.breaks.cause == _BUDGET
    harmless = lives.starts.created + rng.uniform(10, 70, len(deal))
    warning = np.where(budget, lives.breaks.cooling_from + rng.uniform(0, 4, len(deal)), harmless)
    happens = rng.random(len(deal)) < np.where(budget, 0.6, 0.1)
    cut = np.round(lives.starts.amount * rng.uniform(0.5, 0.9, len(deal)), -3)
    trail.add(Kind.AMOUNT, deal, np.where(happens, warning, np.inf), amount=cut)


def _add_close_dates(trail: Trail) -> None:
    """The expected close, then pushes as it draws near, and earlier ones where contact cools."""
    rng, lives, deal = trail.branch.rng, trail.lives, _all(trail)
    usual = trail.branch.parameters.cycle_days
    due = lives.starts.created + usual * rng.lognormal(0, 0.3, len(deal))
    _add_close_date(trail, lives.starts.created, due)
    early = np.where(rng.random(len(deal)) < 0.4, lives.breaks.cooling_from, np.inf)
    harmless = lives.starts.created + rng.uniform(8, 60, len(deal))
    early = np.minimum(early, np.where(rng.random(len(deal)) < 0.2, harmless, np.inf))
    for _ in range(_MOST_PUSHES):
        push = np.minimum(due - rng.uniform(-4, 6, len(deal)), early + rng.uniform(0, 5, len(deal)))
        push = np.maximum(push, lives.starts.created + 1)
        early = np.where(push >= early, np.inf, early)
        diligent = rng.random(len(deal)) < 0.8
        moved = due + rng.uniform(8, 35, len(deal))
        _add_close_date(trail, np.where(diligent, push, np.inf), moved)
        due = moved


def _add_close_date(trail: Trail, time: Floats, due: Floats) -> None:
    day = np.clip(np.floor(due), 0, len(trail.branch.days.dates) - 1).astype(np.int64)
    trail.add(Kind.CLOSE_DATE, _all(trail), time, value=trail.codes.of("date", day))


def _add_people(trail: Trail) -> None:
    """The customer's people join one after another; a successor follows one who left."""
    rng, lives, deal = trail.branch.rng, trail.lives, _all(trail)
    known = trail.branch.customers.contacts[lives.starts.customer]
    for order in range(CONTACTS_PER_CUSTOMER):
        _add_person(trail, lives.joins[:, order], np.full(len(deal), order))
    left = lives.shocks.contact_left
    noted = rng.random(len(deal)) < 0.6
    first = trail.codes.of("contact", lives.starts.customer * CONTACTS_PER_CUSTOMER)
    trail.add(Kind.CONTACT_LEFT, deal, np.where(noted, left, np.inf) + 1, value=first)
    successor = np.minimum(known, CONTACTS_PER_CUSTOMER - 1)
    met = rng.random(len(deal)) < 0.7
    _add_person(trail, np.where(met, left, np.inf) + rng.uniform(3, 12, len(deal)), successor)


def _add_person(trail: Trail, time: Floats, order: Ints) -> None:
    person = trail.lives.starts.customer * CONTACTS_PER_CUSTOMER + order
    trail.add(Kind.CONTACT, _all(trail), time, value=trail.codes.of("contact", person))


def _add_owner_changes(trail: Trail) -> None:
    rng, shocks, deal = trail.branch.rng, trail.lives.shocks, _all(trail)
    value = trail.codes.of("person", shocks.new_owner)
    trail.add(Kind.OWNER, deal, shocks.owner_changed, value=value)
    met = np.where(shocks.handover, shocks.owner_changed, np.inf) + rng.uniform(0.5, 6, len(deal))
    trail.add(Kind.VISIT, deal, met, direction=BOTH)
    said = np.where(rng.random(len(deal)) < 0.5, met + 0.05, np.inf)
    trail.add(Kind.NOTE, deal, said, topic=topic("handover"))


def _add_competitors(trail: Trail) -> None:
    rng, shocks, deal = trail.branch.rng, trail.lives.shocks, _all(trail)
    recorded = rng.random(len(deal)) < 0.75
    time = np.where(recorded, shocks.competitor_at, np.inf) + rng.uniform(0, 3, len(deal))
    value = trail.codes.of("competitor", shocks.competitor)
    trail.add(Kind.COMPETITOR, deal, time, value=value)


def _add_interruptions(trail: Trail) -> None:
    """Confirmed interruptions, the play taken, and the return where there was one."""
    rng, responses, deal = trail.branch.rng, trail.lives.responses, _all(trail)
    cause = trail.codes.of("cause", np.maximum(responses.recorded_cause, 0))
    trail.add(Kind.INTERRUPTION, deal, responses.confirmed, value=cause)
    played = np.where(responses.play > 0, responses.confirmed, np.inf)
    value = trail.codes.of("play", responses.play)
    trail.add(Kind.ACTIVITY, deal, played + rng.uniform(0.2, 1.5, len(deal)), value=value)
    back = np.where(np.isfinite(responses.confirmed), responses.resumed, np.inf)
    trail.add(Kind.RESUMED, deal, back + 0.4)


def _reasons(trail: Trail) -> Ints:
    """What each outcome's text speaks of; half of the broken ones name the cause's category."""
    lives, rng = trail.lives, trail.branch.rng
    plain = np.array([topic("won"), topic("broken_off"), topic("lost")])[lives.ends.recorded]
    ended = np.array([topic(f"ended_{name}") for name in causes.CATEGORIES])
    telling = (lives.ends.recorded == BROKEN_OFF) & (rng.random(len(plain)) < 0.5)
    return np.where(telling, ended[causes.category_codes()[lives.breaks.cause]], plain)
