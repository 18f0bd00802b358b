"""Collects a branch's events as columns of codes and turns them into the log's Arrow table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from tsunagu.analytics.contracts import BOUNCED, DIRECTIONS, EVENT_SCHEMA, Kind
from tsunagu.analytics.simulation import causes, texts
from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.branch import Branch
from tsunagu.analytics.simulation.lives import OUTCOMES, Bools, Lives
from tsunagu.analytics.simulation.organisation import CONTACTS_PER_CUSTOMER, PEOPLE_PER_SEAT
from tsunagu.analytics.simulation.workdays import Floats, Ints

KINDS: tuple[Kind, ...] = tuple(Kind)
NOTHING = -1


def numbered(prefix: str, numbers: Ints, width: int = 6) -> pa.StringArray:
    """Ids such as ``D-000123``."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "-")


class Codes:
    """Numbers for every string that may stand in an event of the branch.

    A code is an offset of a group plus an index into it, so that a million values are drawn and
    sorted as integers and become strings once.
    """

    def __init__(self, branch: Branch) -> None:
        people = len(branch.seats.load) * PEOPLE_PER_SEAT
        groups: dict[str, pa.StringArray] = {
            "stage": pa.array(words.STAGES),
            "outcome": pa.array([str(name) for name in OUTCOMES]),
            "cause": pa.array(causes.CAUSE_NAMES),
            "play": pa.array([f"play:{name}" for name in causes.PLAYS]),
            "competitor": pa.array(words.COMPETITORS),
            "checkpoint": pa.array(words.CHECKPOINTS),
            "bounced": pa.array([BOUNCED]),
            "date": pa.array(branch.days.dates.astype(str).tolist()),
            "person": numbered("R", person_numbers(branch, np.arange(people)), 5),
            "contact": _contact_ids(branch),
        }
        sizes = np.cumsum([0, *(len(group) for group in groups.values())])
        self.offsets = dict(zip(groups, sizes.tolist(), strict=False))
        self.strings = pa.concat_arrays(list(groups.values()))

    def of(self, group: str, index: Ints) -> Ints:
        """Codes of a group's entries."""
        codes: Ints = self.offsets[group] + index
        return codes


def person_numbers(branch: Branch, people: Ints) -> Ints:
    """Numbers of people, unique over all branches."""
    seats = max(4, branch.parameters.branch_deals // branch.parameters.deals_per_seat + 1)
    return branch.number * seats * PEOPLE_PER_SEAT + people + 1


def customer_numbers(branch: Branch, customers: Ints) -> Ints:
    """Numbers of customers, unique over all branches."""
    each = max(5, round(branch.parameters.branch_deals / branch.parameters.deals_per_customer) + 1)
    return branch.number * each + customers + 1


def _contact_ids(branch: Branch) -> pa.StringArray:
    pairs = np.arange(len(branch.customers.size) * CONTACTS_PER_CUSTOMER)
    customer = numbered("C", customer_numbers(branch, pairs // CONTACTS_PER_CUSTOMER))
    order = pa.array(pairs % CONTACTS_PER_CUSTOMER + 1).cast(pa.string())
    return pc.binary_join_element_wise(customer, order, "-")


@dataclass
class Trail:
    """The growing event log of a branch.  Only what falls into a deal's recorded life is kept."""

    branch: Branch
    lives: Lives
    observed_until: int
    codes: Codes = field(init=False)
    _blocks: list[dict[str, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.codes = Codes(self.branch)
        self._created = self.branch.days.instants(self.lives.starts.created)
        self._ended = self._end_instants()

    def _end_instants(self) -> Ints:
        at = self.lives.ends.recorded_at
        known = self.branch.days.instants(np.where(np.isfinite(at), at, 0))
        return np.where(np.isfinite(at), known, np.iinfo(np.int64).max)

    @property
    def created_instants(self) -> Ints:
        """UTC microseconds of each deal's creation."""
        return self._created

    def owner(self, time: Floats, deal: Ints) -> Ints:
        """Person who owns each of ``deal`` at ``time``."""
        changed = time >= self.lives.shocks.owner_changed[deal]
        return np.where(changed, self.lives.shocks.new_owner[deal], self.lives.starts.owner[deal])

    def within(self, time: Floats, deal: Ints) -> Bools:
        """Which times fall into the recorded life: from creation, before the outcome's record."""
        begun = time >= self.lives.starts.created[deal]
        last = np.minimum(self.lives.ends.recorded_at[deal], self.branch.end + 1)
        return begun & (time < last)

    def add(self, kind: Kind, deal: Ints, time: Floats, **columns: ArrayLike) -> None:
        """Add events of one kind; times out of a deal's recorded life are dropped.

        Args:
            columns: any of ``value``, ``actor`` (codes), ``amount``, ``direction`` (index into
                ``DIRECTIONS``), ``topic`` (index into ``TOPICS``), ``late`` (microseconds added:
                work out of hours).  The actor is the deal's owner unless given.
        """
        keep = np.flatnonzero(self.within(time, deal))
        deal, kept = deal[keep], {name: _rows(column, keep) for name, column in columns.items()}
        at = self.branch.days.instants(time[keep]) + kept.pop("late", np.int64(0))
        actor = kept.pop("actor", self.codes.of("person", self.owner(time[keep], deal)))
        self._append(kind, deal, np.maximum(at, self._created[deal]), actor=actor, **kept)

    def add_answers(self, deal: Ints, time: Floats, score: Floats) -> None:
        """Add surveys that the customer's first person answered with ``score``."""
        customer = self.lives.starts.customer[deal] * CONTACTS_PER_CUSTOMER
        actor, inbound = self.codes.of("contact", customer), DIRECTIONS.index("in")
        direction = np.full(len(deal), inbound)
        self.add(Kind.SURVEY, deal, time, amount=score, actor=actor, direction=direction)

    def add_outcomes(self, topic: Ints) -> None:
        """Add the recorded outcomes, each the last event of its deal."""
        ends = self.lives.ends
        deal = np.flatnonzero(np.isfinite(ends.recorded_at))
        actor = self.codes.of("person", self.owner(ends.recorded_at[deal], deal))
        value = self.codes.of("outcome", ends.recorded[deal])
        at = self._ended[deal]
        self._append(Kind.OUTCOME, deal, at, actor=actor, value=value, topic=topic[deal])

    def _append(self, kind: Kind, deal: Ints, at: Ints, **columns: ArrayLike) -> None:
        last = at <= self.observed_until
        last &= (at < self._ended[deal]) | (kind is Kind.OUTCOME)
        keep = np.flatnonzero(last)
        block = {"deal": deal[keep], "at": at[keep], "kind": np.full(len(keep), KINDS.index(kind))}
        for name, missing in _COLUMNS.items():
            values = _rows(columns.get(name, missing), keep)
            block[name] = np.broadcast_to(values, keep.shape).astype(np.asarray(missing).dtype)
        self._blocks.append(block)

    def table(self) -> pa.Table:
        """All events by deal and time, as :data:`EVENT_SCHEMA` has them."""
        columns = self._sorted()
        names = pa.array([kind.value for kind in KINDS])
        arrays = [
            numbered("D", self.branch.first_deal + columns["deal"] + 1),
            pa.array(_apart(columns["deal"], columns["at"])).cast(EVENT_SCHEMA.field("at").type),
            names.take(pa.array(columns["kind"])),
            _take(self.codes.strings, columns["value"]),
            pa.array(columns["amount"], mask=np.isnan(columns["amount"])),
            _take(self.codes.strings, columns["actor"]),
            _take(pa.array(DIRECTIONS), columns["direction"]),
            self._texts(columns),
        ]
        return pa.Table.from_arrays(arrays, schema=EVENT_SCHEMA)

    def _sorted(self) -> dict[str, np.ndarray]:
        whole = {
            name: np.concatenate([block[name] for block in self._blocks])
            for name in self._blocks[0]
        }
        self._blocks.clear()
        order = np.lexsort((whole["kind"] == KINDS.index(Kind.OUTCOME), whole["at"], whole["deal"]))
        return {name: column[order] for name, column in whole.items()}

    def _texts(self, columns: dict[str, np.ndarray]) -> pa.StringArray:
        rows = np.flatnonzero(columns["topic"] >= 0)
        rivals = self.lives.shocks.competitor[columns["deal"][rows]]
        made = texts.compose(self.branch.rng, columns["topic"][rows], rivals)
        place = np.full(len(columns["topic"]), NOTHING, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        return _take(made, place)


_COLUMNS: dict[str, ArrayLike] = {
    "value": np.int32(NOTHING),
    "amount": np.float64(np.nan),
    "actor": np.int32(NOTHING),
    "direction": np.int8(NOTHING),
    "topic": np.int8(NOTHING),
}


def _rows(column: ArrayLike, keep: Ints) -> np.ndarray:
    values = np.asarray(column)
    return values if values.ndim == 0 else values[keep]


def _take(strings: pa.StringArray, codes: Ints) -> pa.StringArray:
    return strings.take(pa.array(codes, mask=codes < 0))


def _apart(deal: Ints, at: Ints) -> Ints:
    """Sorted instants, one microsecond added to each further one of the same deal and instant."""
    position = np.arange(len(at))
    begins = np.append(True, (np.diff(deal) != 0) | (np.diff(at) != 0))
    return at + position - np.maximum.accumulate(np.where(begins, position, 0))
