"""Everything that stands before the deals of a branch do: people, customers, calendar, chance."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import PCG64DXSM, Generator, SeedSequence

from tsunagu.analytics.simulation.organisation import (
    Customers,
    Seats,
    draw_customers,
    draw_seats,
)
from tsunagu.analytics.simulation.parameters import Parameters
from tsunagu.analytics.simulation.workdays import Workdays


@dataclass(frozen=True)
class Branch:
    """One branch of the organisation; its chance depends on (seed, number) and nothing else.

    Attributes:
        number: which branch, from 0.
        first_deal: number of deals in the branches before it.
        deals: number of its own deals.
        end: working-day time of the end of the records.
    """

    number: int
    first_deal: int
    deals: int
    rng: Generator
    parameters: Parameters
    days: Workdays
    end: float
    seats: Seats
    customers: Customers


def found_branch(
    seed: int, number: int, span: tuple[int, int], parameters: Parameters, days: Workdays, end: float
) -> Branch:
    """Branch ``number`` for the deals ``span[0]`` up to and without ``span[1]``."""
    rng = Generator(PCG64DXSM(SeedSequence((seed, number))))
    deals = span[1] - span[0]
    seats = draw_seats(rng, deals, parameters, days)
    customers = draw_customers(rng, deals, parameters)
    return Branch(number, span[0], deals, rng, parameters, days, end, seats, customers)
