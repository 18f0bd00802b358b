"""Draws the true lives of a branch's deals."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tsunagu.analytics.simulation import causes
from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.branch import Branch
from tsunagu.analytics.simulation.lives import (
    BROKEN_OFF,
    LOST,
    WON,
    Bools,
    Breaks,
    Course,
    Ends,
    Lives,
    Plan,
    Responses,
    Shocks,
    Starts,
)
from tsunagu.analytics.simulation.organisation import (
    CONTACTS_PER_CUSTOMER,
    PEOPLE_PER_SEAT,
    Customers,
)
from tsunagu.analytics.simulation.parameters import Parameters
from tsunagu.analytics.simulation.workdays import Floats, Ints

_STAGE_COUNT = len(words.STAGES)
_ARRIVALS = np.array([0, 1.05, 0.95, 0.7, 1.25, 1.1, 1.1, 1.0, 0.75, 1.1, 1.2, 1.0, 0.8])
"""How many deals are created in a month (index 1 to 12) against the mean."""


def draw_lives(branch: Branch) -> Lives:
    """Lives of the branch's deals, created up to its end."""
    starts = _draw_starts(branch)
    shocks = _draw_shocks(branch, starts)
    plan = _draw_plan(branch, starts, shocks)
    breaks = _draw_breaks(branch, starts, shocks, plan)
    closing = _draw_closing(branch, breaks)
    responses = _draw_responses(branch, starts, breaks, closing)
    ends = _draw_ends(branch, Course(starts, breaks, responses, plan), closing)
    quiet_from, quiet_until = _draw_quiet(branch, starts, plan)
    joins = _draw_joins(branch, starts, breaks, responses)
    return Lives(starts, shocks, breaks, responses, ends, quiet_from, quiet_until, joins)


def _draw_joins(branch: Branch, starts: Starts, breaks: Breaks, responses: Responses) -> Floats:
    """The first person is there from the start; nobody new joins a deal that goes cold."""
    known = branch.customers.contacts[starts.customer][:, None]
    wait = branch.rng.uniform(2, 45, (starts.count, CONTACTS_PER_CUSTOMER))
    wait[:, 0] = 0
    at = starts.created[:, None] + wait
    warm = (at < breaks.cooling_from[:, None]) | (at >= responses.resumed[:, None])
    present = np.arange(CONTACTS_PER_CUSTOMER) < known
    return np.where(warm & present, at, np.inf)


def _draw_plan(branch: Branch, starts: Starts, shocks: Shocks) -> Plan:
    rng, parameters = branch.rng, branch.parameters
    pace = parameters.cycle_days * rng.lognormal(0, parameters.cycle_spread, starts.count)
    wins = _draw_wins(branch, starts, shocks)
    return Plan(pace, np.where(wins, pace, pace * rng.beta(4, 1.6, starts.count)), wins)


def _draw_quiet(branch: Branch, starts: Starts, plan: Plan) -> tuple[Floats, Floats]:
    rng, parameters = branch.rng, branch.parameters
    begin = starts.created + rng.uniform(0.1, 0.8, starts.count) * plan.pace
    happens = rng.random(starts.count) < parameters.quiet_share
    spell = rng.gamma(2, parameters.quiet_days / 2, starts.count)
    return np.where(happens, begin, np.inf), begin + spell


def _draw_starts(branch: Branch) -> Starts:
    rng, count, seats, customers = branch.rng, branch.deals, branch.seats, branch.customers
    created = _draw_arrivals(branch)
    seat = rng.choice(len(seats.load), count, p=seats.load / seats.load.sum())
    owner = seats.person(seat, created)
    popular = rng.lognormal(0, 0.8, len(customers.size))
    customer = rng.choice(len(popular), count, p=popular / popular.sum())
    return Starts(
        created=created,
        customer=customer,
        seat=seat,
        owner=owner,
        product=rng.choice(7, count, p=[0.12, 0.2, 0.2, 0.14, 0.12, 0.12, 0.1]),
        source=rng.choice(6, count, p=[0.3, 0.14, 0.2, 0.12, 0.12, 0.12]),
        amount=_round_yen(rng.lognormal(14.2 + 0.45 * customers.size[customer], 0.7)),
        skill=seats.skill[seat, owner % PEOPLE_PER_SEAT],
        load=seats.load[seat],
        frailty=rng.lognormal(0, branch.parameters.frailty, count),
    )


def _draw_arrivals(branch: Branch) -> Floats:
    rng, days, last = branch.rng, branch.days, int(branch.end)
    history = np.timedelta64(branch.parameters.history_days, "D")
    first = int(days.index(days.dates[last] - history))
    weight = _ARRIVALS[days.month()[first : last + 1]] * np.linspace(0.9, 1.1, last + 1 - first)
    day = rng.choice(np.arange(first, last + 1), branch.deals, p=weight / weight.sum())
    return np.sort(day + rng.uniform(0.0, 0.9, branch.deals))


def _round_yen(amount: Floats) -> Floats:
    return np.round(amount, -4) + 10_000


def _draw_shocks(branch: Branch, starts: Starts) -> Shocks:
    rng, seats, parameters, count = branch.rng, branch.seats, branch.parameters, starts.count
    given = _sometime(rng, starts.created, parameters.owner_change_share)
    transfer = seats.next_change(starts.seat, starts.created)
    elsewhere = (starts.seat + rng.integers(1, len(seats.load), count)) % len(seats.load)
    other = seats.person(elsewhere, np.minimum(given, 1e6))
    heir = seats.person(starts.seat, np.minimum(transfer, 1e6))
    return Shocks(
        owner_changed=np.minimum(given, transfer),
        new_owner=np.where(given < transfer, other, heir),
        handover=rng.random(count) < parameters.handover_share,
        reorganised=_next_reorganisation(branch, starts),
        contact_left=_sometime(rng, starts.created, parameters.contact_left_share),
        competitor_at=_sometime(rng, starts.created, parameters.competitor_share),
        competitor=rng.integers(len(words.COMPETITORS), size=count),
        budget_review=_next_review(branch, starts),
    )


def _sometime(rng: Generator, created: Floats, share: float) -> Floats:
    at = created + rng.uniform(3, 70, len(created))
    return np.where(rng.random(len(created)) < share, at, np.inf)


def _next_reorganisation(branch: Branch, starts: Starts) -> Floats:
    """Each team is reorganised once or twice in the history, in April or October."""
    dates = branch.days.firsts_of(4, 10)
    happens = branch.rng.random((len(words.TEAMS), len(dates))) < 0.25
    at = np.where(happens, dates[None, :], np.inf)[branch.seats.team[starts.seat]]
    next_one: Floats = np.where(at > starts.created[:, None], at, np.inf).min(axis=1)
    return next_one


def _next_review(branch: Branch, starts: Starts) -> Floats:
    """The customer's next budget review: around the first day of its budget month."""
    at = np.full(starts.count, np.inf)
    month = branch.customers.budget_month[starts.customer]
    for first in (1, 4, 7, 10):
        begins = np.append(branch.days.firsts_of(first), np.inf)
        upcoming = begins[np.searchsorted(begins, starts.created)]
        at = np.where(month == first, upcoming, at)
    return np.maximum(at + branch.rng.uniform(-12, 8, starts.count), starts.created + 2)


def _draw_wins(branch: Branch, starts: Starts, shocks: Shocks) -> Bools:
    rng = branch.rng
    middling = np.clip(branch.parameters.win_share, 1e-6, 1 - 1e-6)
    known = np.array([0.6, 0.4, 0.0, -0.2, 0.0, -0.5])[starts.source]
    rivalry = -0.5 * np.isfinite(shocks.competitor_at)
    unseen = rng.normal(0, 0.8, starts.count)
    odds = np.log(middling / (1 - middling)) + known + rivalry + 0.3 * starts.skill + unseen
    return rng.random(starts.count) < _sigmoid(odds)


def _sigmoid(odds: Floats) -> Floats:
    shares: Floats = 1 / (1 + np.exp(-odds))
    return shares


def _draw_breaks(branch: Branch, starts: Starts, shocks: Shocks, plan: Plan) -> Breaks:
    """Every cause strikes at its own time; the first that precedes the decision breaks the deal."""
    rng, parameters = branch.rng, branch.parameters
    strikes = _draw_strikes(branch, starts, shocks)
    cause = strikes.argmin(axis=1)
    at = np.maximum(strikes.min(axis=1), starts.created + 5)
    happened = at < starts.created + plan.decision
    lead = rng.gamma(2, parameters.lead_days / 2, starts.count)
    lead = np.where(rng.random(starts.count) < parameters.sudden_share, 0.0, lead)
    hard = np.log(np.maximum(starts.frailty, 1e-6)) / max(parameters.frailty, 0.1)
    mean = np.clip(parameters.cooling, 0.01, 0.99)
    return Breaks(
        at=np.where(happened, at, np.inf),
        cause=np.where(happened, cause, -1),
        cooling_from=np.where(happened, np.maximum(at - lead, starts.created + 1), np.inf),
        depth=rng.beta(6 * mean, 6 * (1 - mean), starts.count),
        severity=0.5 * hard + rng.normal(0, 0.85, starts.count),
    )


def _draw_strikes(branch: Branch, starts: Starts, shocks: Shocks) -> Floats:
    rng, customers, parameters = branch.rng, branch.customers, branch.parameters
    weights = np.array([cause.weight for cause in causes.CAUSES])
    rate = parameters.break_rate * weights / weights.sum() * _multipliers(starts, customers)
    wait = rng.exponential(size=rate.shape) / np.maximum(rate, 1e-12)
    at = np.where(rate > 0, starts.created[:, None] + wait, np.inf)
    for detail, shock, share in _shock_shares(shocks, customers.contacts[starts.customer]):
        chance = np.clip(share * parameters.shock_share * np.sqrt(starts.frailty), 0, 0.95)
        strikes = rng.random(starts.count) < chance
        delay = shock + 2 + rng.exponential(8, starts.count)
        at[:, causes.CAUSE_NAMES.index(detail)] = np.where(strikes, delay, np.inf)
    return at


def _shock_shares(shocks: Shocks, contacts: Ints) -> list[tuple[str, Floats, Floats]]:
    one = np.ones(len(contacts))
    return [
        ("customer.budget_reviewed", shocks.budget_review, 0.11 * one),
        ("customer.contact_left", shocks.contact_left, np.where(contacts > 1, 0.22, 0.5)),
        ("competitor.better_offer", shocks.competitor_at, 0.13 * one),
        ("competitor.discount", shocks.competitor_at, 0.08 * one),
        ("internal.owner_changed", shocks.owner_changed, np.where(shocks.handover, 0.07, 0.42)),
        ("internal.reorganisation", shocks.reorganised, 0.13 * one),
    ]


def _multipliers(starts: Starts, customers: Customers) -> Floats:
    """Factors on each cause's rate.  Shape (deals, causes)."""
    effects = {
        "customer.lost_interest": -0.8 * np.log(customers.initiative[starts.customer] / 0.04 + 0.2),
        "customer.needs_changed": np.where(starts.source == 5, 0.6, 0.0),
        "internal.slow_follow_up": 1.1 * (starts.load - 1) - 0.5 * starts.skill,
        "internal.lack_of_resources": 1.0 * (starts.load - 1),
        "internal.poor_communication": -0.6 * starts.skill,
        "internal.wrong_information": -0.5 * starts.skill,
    }
    log_rate = np.tile(np.log(starts.frailty)[:, None], (1, len(causes.CAUSES)))
    for name, effect in effects.items():
        log_rate[:, causes.CAUSE_NAMES.index(name)] += effect
    rates: Floats = np.exp(np.clip(log_rate, -5, 3))
    return rates


def _draw_closing(branch: Branch, breaks: Breaks) -> Floats:
    """When a break that is not mended will be recorded; infinite: never."""
    rng, parameters, count = branch.rng, branch.parameters, branch.deals
    delay = parameters.close_delay_days * rng.lognormal(0, 0.6, count)
    at = np.where(breaks.happened, breaks.at, 0) + np.maximum(delay, 1)
    tidy = rng.random(count) < 0.35
    evening = branch.days.month_end(at) + rng.uniform(-0.3, 0.05, count)
    at = np.where(tidy, np.maximum(evening, at), at)
    forgotten = rng.random(count) < parameters.never_closed_share
    return np.where(breaks.happened & ~forgotten, at, np.inf)


def _draw_responses(branch: Branch, starts: Starts, breaks: Breaks, closing: Floats) -> Responses:
    rng, parameters = branch.rng, branch.parameters
    slow = rng.lognormal(0, 0.5, starts.count) * np.exp(0.3 * (starts.load - 1))
    notice = parameters.notice_days * slow * np.exp(-0.2 * starts.skill)
    seen = breaks.at + notice
    confirmed = (rng.random(starts.count) < parameters.confirm_share) & (seen < closing - 2)
    play = _choose_play(rng, breaks, confirmed & breaks.happened)
    chances = _chances(starts, breaks, notice)
    back = rng.random(starts.count) < np.nan_to_num(chances[np.arange(starts.count), play])
    pause = 2 + rng.gamma(2, 5, starts.count)
    resumed = np.where(back & breaks.happened, np.where(confirmed, seen, breaks.at) + pause, np.inf)
    return Responses(
        confirmed=np.where(confirmed, seen, np.inf),
        recorded_cause=np.where(confirmed, _recorded_cause(rng, breaks, parameters), -1),
        play=play,
        chances=chances,
        resumed=resumed,
    )


def _choose_play(rng: Generator, breaks: Breaks, confirmed: Bools) -> Ints:
    """Gumbel's trick for a draw by log-weights; a hard case gets a strong play."""
    category = causes.category_codes()[breaks.cause]
    liking = causes.LIKING[category] + causes.STRENGTH * breaks.severity[:, None]
    chosen = (liking + rng.gumbel(size=liking.shape)).argmax(axis=1)
    return np.where(confirmed, chosen, 0)


def _chances(starts: Starts, breaks: Breaks, notice: Floats) -> Floats:
    category = causes.category_codes()[breaks.cause]
    case = -1.1 * breaks.severity + 0.25 * starts.skill - 0.03 * (notice - 7)
    odds = (causes.BASE_RESUMING[category] + case)[:, None] + causes.EFFECTS[category]
    return np.where(breaks.happened[:, None], _sigmoid(odds), np.nan)


def _recorded_cause(rng: Generator, breaks: Breaks, parameters: Parameters) -> Ints:
    right = rng.random(len(breaks.at)) < parameters.right_cause_share
    guess = rng.integers(len(causes.CAUSES), size=len(breaks.at))
    return np.where(right, breaks.cause, guess)


def _draw_ends(branch: Branch, course: Course, closing: Floats) -> Ends:
    rng, count = branch.rng, branch.deals
    wins = course.plan.wins & ~(course.resumed & (rng.random(count) < 0.25))
    decided = course.starts.created + course.plan.decision + course.pause
    decided = np.where(wins, _pull_to_fiscal_end(branch, course, decided), decided)
    outcome = np.where(course.cut, BROKEN_OFF, np.where(wins, WON, LOST))
    mislabelled = course.cut & (rng.random(count) < branch.parameters.mislabel_share)
    lag = np.where(wins, rng.uniform(0, 1, count), rng.exponential(2.5, count))
    at = np.where(course.cut, course.breaks.at, decided)
    return Ends(
        outcome=outcome,
        at=at,
        recorded=np.where(mislabelled, LOST, outcome),
        recorded_at=np.where(course.cut, closing, decided + lag),
        stages=_draw_stages(rng, course, at),
    )


def _pull_to_fiscal_end(branch: Branch, course: Course, decided: Floats) -> Floats:
    """Some orders due soon after March or September are signed before the books close."""
    rng, closes = branch.rng, branch.days.firsts_of(4, 10)
    last = closes[np.clip(np.searchsorted(closes, decided) - 1, 0, len(closes) - 1)]
    early = last - rng.uniform(0, 6, len(decided))
    created = course.starts.created
    resumed = np.where(course.resumed, course.responses.resumed, created)
    room = early > np.maximum(created + 15, resumed + 5)
    near = (decided >= last) & (decided - last < 18) & (rng.random(len(decided)) < 0.5)
    return np.where(near & room, early, decided)


def _draw_stages(rng: Generator, course: Course, end: Floats) -> Floats:
    """Entries into stages: progress stands still from the break to the return."""
    count, cut, broke = len(end), course.cut[:, None], course.breaks.at[:, None]
    parts = rng.gamma(1.6, np.array([0.8, 1.2, 1.3, 0.9, 0.8]), (count, _STAGE_COUNT))
    shares = np.cumsum(parts, axis=1) / parts.sum(axis=1, keepdims=True)
    begins = np.concatenate([np.zeros((count, 1)), shares[:, :-1]], axis=1)
    at = course.starts.created[:, None] + begins * course.plan.pace[:, None]
    at = np.where(at > broke, np.where(cut, np.inf, at + course.pause[:, None]), at)
    return np.where(at < end[:, None], at, np.inf)
