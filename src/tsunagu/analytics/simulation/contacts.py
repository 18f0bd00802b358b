"""Two-way contact: what the representative does, what the customer answers, what is noted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.contracts import DIRECTIONS, Kind
from tsunagu.analytics.simulation import causes
from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.lives import Bools
from tsunagu.analytics.simulation.organisation import CONTACTS_PER_CUSTOMER, PEOPLE_PER_SEAT
from tsunagu.analytics.simulation.trail import Trail
from tsunagu.analytics.simulation.workdays import Floats, Ints

IN, OUT, BOTH = (DIRECTIONS.index(name) for name in ("in", "out", "both"))
_MOST_ATTEMPTS = 48
_MOST_CALLS_FROM_CUSTOMER = 12
_SLOW = causes.CAUSE_NAMES.index("internal.slow_follow_up")
_FORMS = (Kind.EMAIL, Kind.CALL, Kind.MEETING, Kind.VISIT)
_EMAIL, _CALL, _MEETING, _VISIT = range(4)


def topic(name: str) -> int:
    """Code of a topic of notes."""
    return words.TOPICS.index(name)


_CAUSE_TOPICS: Ints = np.array([topic(cause.topic) for cause in causes.CAUSES])
_HARMLESS: Ints = np.array([topic(name) for name in words.HARMLESS_TOPICS])


@dataclass(frozen=True)
class Attempts:
    """Attempts to reach the customer, flat over deals.  All of shape (attempts,).

    Attributes:
        order: 0 for a deal's first attempt, and so on.
        cold: how cold contact is, 0 to 1.
        form: index into ``_FORMS``.
        talked: both sides spoke.
        following: time of the next attempt; infinite: none.
    """

    deal: Ints
    time: Floats
    order: Ints
    cold: Floats
    form: Ints
    talked: Bools
    following: Floats


def add_contacts(trail: Trail) -> None:
    """Add calls, mails, meetings, visits, the answers to them, next steps, notes and surveys."""
    attempts = _draw_attempts(trail)
    _add_attempts(trail, attempts)
    _add_answers(trail, attempts)
    _add_customers_own(trail)
    _add_next_steps(trail, attempts)
    _add_notes(trail, attempts)
    _add_surveys(trail, attempts)


def _draw_attempts(trail: Trail) -> Attempts:
    rng, times = trail.branch.rng, _attempt_times(trail)
    deal, order = np.nonzero(trail.within(times, np.arange(len(times))[:, None]))
    time = times[deal, order]
    cold = trail.lives.cooling(time, deal)
    form = rng.choice(4, len(deal), p=[0.44, 0.26, 0.19, 0.11])
    reach = np.array([0.0, 0.6, 0.9, 0.9])[form] * (1 - 0.92 * cold)
    talked = rng.random(len(deal)) < reach
    form = np.where(~talked & (form >= _MEETING), _EMAIL, form)
    ahead = np.column_stack([times[:, 1:], np.full(len(times), np.inf)])
    return Attempts(deal, time, order, cold, form, talked, ahead[deal, order])


def _attempt_times(trail: Trail) -> Floats:
    """Times of attempts.  Shape (deals, attempts); infinite once given up."""
    rng, lives = trail.branch.rng, trail.lives
    base = _usual_gap(trail)
    patience = rng.integers(3, 8, lives.starts.count)
    time = lives.starts.created + rng.uniform(0.01, 1.5, lives.starts.count)
    tries, times = np.zeros(lives.starts.count), [time]
    for _ in range(_MOST_ATTEMPTS - 1):
        broken = (time >= lives.breaks.at) & (time < lives.responses.resumed)
        tries = np.where(broken, tries + 1, 0)
        gap = base * rng.gamma(1.6, 1 / 1.6, len(time)) * _slowness(trail, time)
        ahead = time + gap * 1.4**tries
        ahead = np.where(tries > patience, np.inf, ahead)
        back = lives.responses.resumed + 0.3
        time = np.where(broken, np.minimum(ahead, back), ahead)
        times.append(time)
    return np.stack(times, axis=1)


def _usual_gap(trail: Trail) -> Floats:
    starts = trail.lives.starts
    own = trail.branch.rng.normal(0, 0.35, starts.count)
    usual: Floats = 4.6 * np.exp(0.3 * (starts.load - 1) - 0.12 * starts.skill + own)
    return usual


def _slowness(trail: Trail, time: Floats) -> Floats:
    """Gaps are longer while the representative is slow, or new without a handover."""
    breaks, shocks = trail.lives.breaks, trail.lives.shocks
    slow = (breaks.cause == _SLOW) & (time >= breaks.cooling_from) & (time < breaks.at)
    since = np.where(np.isfinite(time), time, -1.0) - shocks.owner_changed
    lost = ~shocks.handover & (since >= 0) & (since < 12)
    return np.where(slow, 2.2, 1.0) * np.where(lost, 1.7, 1.0)


def _add_attempts(trail: Trail, attempts: Attempts) -> None:
    written = _written_down(trail, attempts.time, attempts.deal)
    for code, kind in enumerate(_FORMS):
        rows = np.flatnonzero((attempts.form == code) & written)
        direction = np.where(attempts.talked[rows], BOTH, OUT)
        trail.add(kind, attempts.deal[rows], attempts.time[rows], direction=direction)


def _written_down(trail: Trail, time: Floats, deal: Ints) -> Bools:
    owner = trail.owner(time, deal)
    recording = trail.branch.seats.recording[owner // PEOPLE_PER_SEAT, owner % PEOPLE_PER_SEAT]
    return trail.branch.rng.random(len(deal)) < recording


def _add_answers(trail: Trail, attempts: Attempts) -> None:
    """Mails answered, each in the rhythm of the person who answers."""
    rng, customers = trail.branch.rng, trail.branch.customers
    rows = np.flatnonzero(~attempts.talked)
    deal, cold = attempts.deal[rows], attempts.cold[rows]
    customer = trail.lives.starts.customer[deal]
    who = speaker(trail, attempts.time[rows], deal)
    lag = customers.reply_days[customer, who] * rng.lognormal(0, 0.6, len(rows)) * (1 + 2.5 * cold)
    time = attempts.time[rows] + lag
    willing = customers.answering[customer] * (1 - 0.9 * cold)
    willing = willing * (1 - 0.85 * trail.lives.cooling(time, deal))
    mailed = np.where(attempts.form[rows] == _EMAIL, 1.0, 0.35)
    answered = rng.random(len(rows)) < willing * mailed
    _add_inbound(trail, deal[answered], time[answered], who[answered])


def speaker(trail: Trail, time: Floats, deal: Ints) -> Ints:
    """Which of the customer's people speaks: the first, or another, or the successor."""
    known = trail.branch.customers.contacts[trail.lives.starts.customer[deal]]
    rng, left = trail.branch.rng, trail.lives.shocks.contact_left[deal]
    other = rng.integers(CONTACTS_PER_CUSTOMER, size=len(deal)) % known
    first = np.where(time >= left, np.minimum(known, CONTACTS_PER_CUSTOMER - 1), 0)
    absent = time < trail.lives.joins[deal, other]
    return np.where((rng.random(len(deal)) < 0.75) | absent, first, other)


def _add_inbound(trail: Trail, deal: Ints, time: Floats, who: Ints) -> None:
    rng = trail.branch.rng
    customer = trail.lives.starts.customer[deal]
    actor = trail.codes.of("contact", customer * CONTACTS_PER_CUSTOMER + who)
    calls = rng.random(len(deal)) < 0.22
    night = (rng.random(len(deal)) < trail.branch.parameters.overtime_share) & ~calls
    late = np.where(night, rng.integers(9 * 3600, 12 * 3600, len(deal)) * 1_000_000, 0)
    for kind, rows in ((Kind.CALL, np.flatnonzero(calls)), (Kind.EMAIL, np.flatnonzero(~calls))):
        who_spoke, hours = actor[rows], late[rows]
        trail.add(kind, deal[rows], time[rows], actor=who_spoke, direction=IN, late=hours)


def _add_customers_own(trail: Trail) -> None:
    """Calls and mails that the customer begins."""
    rng, starts = trail.branch.rng, trail.lives.starts
    rate = np.maximum(trail.branch.customers.initiative[starts.customer], 1e-3)
    shape = (starts.count, _MOST_CALLS_FROM_CUSTOMER)
    times = starts.created[:, None] + np.cumsum(rng.exponential(size=shape), 1) / rate[:, None]
    times[:, 0] = np.where(starts.source == 2, starts.created + 0.001, times[:, 0])
    deal, order = np.nonzero(trail.within(times, np.arange(len(times))[:, None]))
    time = times[deal, order]
    kept = rng.random(len(deal)) < 1 - trail.lives.cooling(time, deal)
    deal, time = deal[kept], time[kept]
    _add_inbound(trail, deal, time, speaker(trail, time, deal))


def _add_next_steps(trail: Trail, attempts: Attempts) -> None:
    """Next steps; most are meant for the day of the next attempt, some slip."""
    rng = trail.branch.rng
    share = np.where(attempts.talked, 0.55 * (1 - 0.6 * attempts.cold), 0.08)
    rows = np.flatnonzero(rng.random(len(share)) < share)
    time = attempts.time[rows] + 0.03
    loose = time + 1 + rng.gamma(2, 3, len(rows))
    kept = (rng.random(len(rows)) < 0.6) & (attempts.following[rows] < time + 20)
    due = np.floor(np.where(kept, attempts.following[rows], loose)).astype(np.int64)
    value = trail.codes.of("date", np.minimum(due, len(trail.branch.days.dates) - 1))
    trail.add(Kind.PLANNED, attempts.deal[rows], time, value=value)


def _add_notes(trail: Trail, attempts: Attempts) -> None:
    rng, parameters = trail.branch.rng, trail.branch.parameters
    share = np.where(attempts.talked, parameters.note_share, 0.25 * parameters.note_share)
    rows = np.flatnonzero(rng.random(len(share)) < share)
    deal, time = attempts.deal[rows], attempts.time[rows]
    subject = _subjects(trail, attempts, rows)
    trail.add(Kind.NOTE, deal, time + rng.uniform(0.01, 0.25, len(rows)), topic=subject)


def _subjects(trail: Trail, attempts: Attempts, rows: Ints) -> Ints:
    """What each note speaks of: later lines override earlier ones."""
    rng, parameters, lives = trail.branch.rng, trail.branch.parameters, trail.lives
    deal, time = attempts.deal[rows], attempts.time[rows]
    chance = rng.random((4, len(rows)))
    cause = lives.breaks.cause[deal]
    cooling = time >= lives.breaks.cooling_from[deal]
    since = time - lives.responses.resumed[deal]
    subject = np.where(chance[0] < 0.28, topic("positive"), topic("progress"))
    subject = np.where(attempts.order[rows] < 2, topic("hearing"), subject)
    harmless = rng.choice(_HARMLESS, len(rows))
    subject = np.where(chance[1] < parameters.harmless_share, harmless, subject)
    subject = np.where((chance[2] < 0.4) & (attempts.cold[rows] > 0.4), topic("cooling"), subject)
    telling = cooling & (since < 0) & (chance[3] < parameters.telling_share)
    subject = np.where(telling, _CAUSE_TOPICS[cause], subject)
    subject = np.where((since >= 0) & (since < 10), topic("restarted"), subject)
    silent = ~attempts.talked[rows] & ~(telling & (chance[0] < 0.4))
    return np.where(silent, topic("unanswered"), subject)


def _add_surveys(trail: Trail, attempts: Attempts) -> None:
    rng, lives = trail.branch.rng, trail.lives
    rows = np.flatnonzero(attempts.talked & (rng.random(len(attempts.deal)) < 0.02))
    deal, time = attempts.deal[rows], attempts.time[rows] + rng.uniform(1, 4, len(rows))
    mood = 7.2 - 2.2 * attempts.cold[rows] + 0.5 * lives.starts.skill[deal]
    score = np.clip(np.round(mood + rng.normal(0, 1.5, len(rows))), 0, 10)
    trail.add_answers(deal, time, score)
