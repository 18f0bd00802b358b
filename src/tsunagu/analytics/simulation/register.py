"""The deals' own rows, and the names that people read beside them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import DEAL_SCHEMA
from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.branch import Branch
from tsunagu.analytics.simulation.lives import Lives
from tsunagu.analytics.simulation.trail import Trail, customer_numbers, numbered, person_numbers
from tsunagu.analytics.simulation.workdays import Ints

ATTRIBUTES: tuple[str, ...] = ("industry", "size", "region", "product", "source", "team")

REGISTER_SCHEMA: pa.Schema = pa.schema(
    [*DEAL_SCHEMA, *(pa.field(name, pa.string()) for name in ATTRIBUTES)]
)

NAMES_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("customer_name", pa.string(), nullable=False),
        pa.field("owner_name", pa.string(), nullable=False),
    ]
)
"""One row a deal; ``owner_name`` is the owner as of the end of the records."""


def deals_table(trail: Trail) -> pa.Table:
    """The deals as :data:`DEAL_SCHEMA` has them, with attributes known at creation."""
    branch, starts = trail.branch, trail.lives.starts
    return pa.Table.from_arrays(
        [
            _deal_ids(branch),
            numbered("C", customer_numbers(branch, starts.customer)),
            numbered("R", person_numbers(branch, starts.owner), 5),
            pa.array(trail.created_instants).cast(DEAL_SCHEMA.field("created_at").type),
            pa.nulls(branch.deals, DEAL_SCHEMA.field("at_risk_from").type),
            *_attributes(branch, trail.lives),
        ],
        schema=REGISTER_SCHEMA,
    )


def _attributes(branch: Branch, lives: Lives) -> list[pa.StringArray]:
    starts, customers = lives.starts, branch.customers
    return [
        _take(words.INDUSTRIES, customers.industry[starts.customer]),
        _take(words.SIZES, customers.size[starts.customer]),
        _take(words.REGIONS, customers.region[starts.customer]),
        _take(words.PRODUCTS, starts.product),
        _take(words.SOURCES, starts.source),
        _take(words.TEAMS, branch.seats.team[starts.seat]),
    ]


def names_table(trail: Trail) -> pa.Table:
    """Titles and names, high in cardinality and so no attributes."""
    branch, starts = trail.branch, trail.lives.starts
    deal = np.arange(branch.deals)
    customer = _customer_names(branch, starts.customer)
    ends = branch.rng.integers(len(words.TITLE_ENDS), size=branch.deals)
    product = _take(words.PRODUCTS, starts.product)
    title = pc.binary_join_element_wise(product, _take(words.TITLE_ENDS, ends), "")
    owner = _people_names(branch, trail.owner(np.full(branch.deals, branch.end + 1), deal))
    return pa.Table.from_arrays(
        [_deal_ids(branch), pc.binary_join_element_wise(customer, title, "様 "), customer, owner],
        schema=NAMES_SCHEMA,
    )


def _customer_names(branch: Branch, customer: Ints) -> pa.StringArray:
    """Made-up names: a stem of two characters and a word of the trade."""
    customers = branch.customers
    trades = [word for trade in words.TRADES for word in trade]
    trade = customers.industry * len(words.TRADES[0]) + customers.trade
    begin = _take(words.STEM_BEGINS, customers.stem[customer, 0])
    end = _take(words.STEM_ENDS, customers.stem[customer, 1])
    return pc.binary_join_element_wise(begin, end, _take(trades, trade[customer]), "")


def _people_names(branch: Branch, people: Ints) -> pa.StringArray:
    return made_up_names(person_numbers(branch, people))


def made_up_names(number: Ints) -> pa.StringArray:
    """A fixed name for each number: family and given names run through unlike cycles."""
    family = _take(words.FAMILY_NAMES, number * 7 % len(words.FAMILY_NAMES))
    given = _take(words.GIVEN_NAMES, number * 11 % len(words.GIVEN_NAMES))
    return pc.binary_join_element_wise(family, given, " ")


def _deal_ids(branch: Branch) -> pa.StringArray:
    return numbered("D", branch.first_deal + np.arange(branch.deals) + 1)


def _take(strings: tuple[str, ...] | list[str], codes: Ints) -> pa.StringArray:
    return pa.array(strings).take(pa.array(codes))
