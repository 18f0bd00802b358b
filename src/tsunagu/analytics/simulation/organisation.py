"""People and customers of one branch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.parameters import Parameters
from tsunagu.analytics.simulation.workdays import Floats, Ints, Workdays

PEOPLE_PER_SEAT = 3
CONTACTS_PER_CUSTOMER = 4


@dataclass(frozen=True)
class Seats:
    """Sales seats; a seat keeps its deals when one person follows another (transfer or leave).

    Attributes:
        team: index into ``vocabulary.TEAMS``.  Shape (seats,).
        load: share of the deals against the mean seat; 1 is usual.  Shape (seats,).
        changes: working-day times at which the next person takes over.  Shape (seats, 2).
        skill: standard normal.  Shape (seats, 3), one column a person.
        recording: share of contacts that the person writes down.  Shape (seats, 3).
    """

    team: Ints
    load: Floats
    changes: Floats
    skill: Floats
    recording: Floats

    def person(self, seat: Ints, time: Floats) -> Ints:
        """Code of the person who sits there then: ``seat * 3 + order``."""
        order = (time[:, None] >= self.changes[seat]).sum(axis=1)
        person: Ints = seat * PEOPLE_PER_SEAT + order
        return person

    def next_change(self, seat: Ints, time: Floats) -> Floats:
        """When the seat's person next changes after ``time``; infinite if never."""
        changes = self.changes[seat]
        later: Floats = np.where(changes > time[:, None], changes, np.inf).min(axis=1)
        return later


def draw_seats(
    rng: Generator, deals: int, parameters: Parameters, days: Workdays, end: float
) -> Seats:
    """Seats for a branch of ``deals`` deals."""
    count = max(4, round(deals / parameters.deals_per_seat))
    load = rng.lognormal(-0.06, 0.35, count)
    people = (count, PEOPLE_PER_SEAT)
    mean = parameters.recorded_share
    return Seats(
        team=np.arange(count) % min(len(words.TEAMS), max(2, count // 4)),
        load=load / load.mean(),
        changes=_draw_changes(rng, count, days, end),
        skill=rng.normal(size=people),
        recording=rng.beta(mean * 20, (1.0001 - mean) * 20, people),
    )


def _draw_changes(rng: Generator, count: int, days: Workdays, end: float) -> Floats:
    """Most people move on 1 April or 1 October; some leave on any day."""
    transfers, span = days.firsts_of(4, 10), end + 120
    transfers = transfers[transfers < span]
    usual = rng.choice(transfers, count)
    first = np.where(rng.random(count) < 0.65, usual, rng.uniform(0, span, count))
    first = np.where(rng.random(count) < 0.75, first, np.inf)
    second = np.where(rng.random(count) < 0.3, first + rng.uniform(200, 500, count), np.inf)
    mornings: Floats = np.floor(np.stack([first, second], axis=1)) + 0.02
    return mornings


@dataclass(frozen=True)
class Customers:
    """Customers and how they like to be in touch; all of shape (customers,) but ``reply_days``.

    Attributes:
        industry, size, region: indices into the vocabulary.
        stem, trade: words of the made-up name; ``stem`` has two columns, begin and end.
        contacts: number of people one may know there, 1 to 4.
        initiative: contacts that the customer begins, per working day.
        answering: probability that a mail is answered at all.
        reply_days: median working days to an answer, one column a person.  Shape (customers, 4).
        budget_month: month in which the budget is reviewed.
    """

    industry: Ints
    size: Ints
    region: Ints
    stem: Ints
    trade: Ints
    contacts: Ints
    initiative: Floats
    answering: Floats
    reply_days: Floats
    budget_month: Ints


def draw_customers(rng: Generator, deals: int, parameters: Parameters) -> Customers:
    """Customers for a branch of ``deals`` deals."""
    count = max(5, round(deals / parameters.deals_per_customer))
    size = rng.choice(4, count, p=[0.35, 0.35, 0.2, 0.1])
    rhythm = rng.lognormal(np.log(1.7), 0.7, count)
    personal = rng.lognormal(0, 0.45, (count, CONTACTS_PER_CUSTOMER))
    return Customers(
        industry=rng.integers(len(words.INDUSTRIES), size=count),
        size=size,
        region=rng.choice(6, count, p=[0.09, 0.4, 0.15, 0.19, 0.08, 0.09]),
        stem=rng.integers(len(words.STEM_BEGINS), size=(count, 2)),
        trade=rng.integers(len(words.TRADES[0]), size=count),
        contacts=1 + rng.binomial(3, 0.2 + 0.15 * size),
        initiative=rng.gamma(1.5, 0.03, count),
        answering=rng.beta(2.4, 1.7, count),
        reply_days=rhythm[:, None] * personal,
        budget_month=rng.choice(np.array([4, 10, 1, 7]), count, p=[0.6, 0.2, 0.12, 0.08]),
    )
