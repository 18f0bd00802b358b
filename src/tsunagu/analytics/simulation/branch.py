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
class Setting:
    """What all branches share.

    Attributes:
        seed: of the whole simulation.
        end: working-day time of the end of the records.
    """

    seed: int
    parameters: Parameters
    days: Workdays
    end: float


@dataclass(frozen=True)
class Branch:
    """One branch of the organisation; its chance depends on (seed, number) and nothing else.

    Attributes:
        number: which branch, from 0.
        first_deal: number of deals in the branches before it.
        deals: number of its own deals.
    """

    number: int
    first_deal: int
    deals: int
    rng: Generator
    setting: Setting
    seats: Seats
    customers: Customers

    @property
    def parameters(self) -> Parameters:
        """The simulation's parameters."""
        return self.setting.parameters

    @property
    def days(self) -> Workdays:
        """The working calendar."""
        return self.setting.days

    @property
    def end(self) -> float:
        """Working-day time of the end of the records."""
        return self.setting.end


def found_branch(setting: Setting, number: int, first: int, beyond: int) -> Branch:
    """Branch ``number``, for the deals ``first`` up to and without ``beyond``."""
    rng = Generator(PCG64DXSM(SeedSequence((setting.seed, number))))
    deals, parameters = beyond - first, setting.parameters
    seats = draw_seats(rng, deals, parameters, setting.days, setting.end)
    customers = draw_customers(rng, deals, parameters)
    return Branch(number, first, deals, rng, setting, seats, customers)
