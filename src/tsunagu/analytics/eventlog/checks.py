"""What must hold across a whole log; rows that break it are rejected with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tsunagu.analytics.contracts import EVENT_SCHEMA, Kind
from tsunagu.analytics.eventlog.cells import Mask
from tsunagu.analytics.eventlog.facts import Ledger, kept, origin_of
from tsunagu.analytics.eventlog.mapping import BeforeCreation
from tsunagu.analytics.eventlog.sheet import mask


@dataclass
class Draft:
    """A log in the making.

    Attributes:
        ledger: sheets, parts and notices.
        deals: with their origin.
        facts: with their origin.
    """

    ledger: Ledger
    deals: pa.Table
    facts: pa.Table

    def places(self) -> NDArray[np.int64]:
        """For each fact the place of its deal, -1 where it is unknown."""
        found = pc.index_in(self.facts.column("deal_id"), self.deals.column("deal_id"))
        return np.asarray(pc.fill_null(found, -1).to_numpy()).astype(np.int64)

    def keep_facts(self, rows: Mask) -> None:
        """Drop the other facts."""
        self.facts = kept(self.facts, rows)

    def drop_rejected(self) -> None:
        """Drop deals and facts whose rows have been rejected."""
        self.deals = kept(self.deals, self.ledger.fine(self.deals))
        self.keep_facts(self.ledger.fine(self.facts))


def micros(table: pa.Table, name: str) -> NDArray[np.int64]:
    """A column of instants as microseconds; null as 0."""
    return np.asarray(pc.fill_null(table.column(name).cast(pa.int64()), 0).to_numpy())


def microsecond(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970."""
    return int(pa.scalar(moment, pa.timestamp("us", tz="UTC")).cast(pa.int64()).as_py())


def reject_future(ledger: Ledger, table: pa.Table, column: str, until: datetime) -> None:
    """Reject rows that tell of what lies after the end of observation."""
    late = micros(table, column) > microsecond(until)
    message = f"this lies after {until.isoformat(timespec='seconds')}, when the records end."
    remedy = "Correct the date, or set observed_until in the mapping."
    ledger.reject(table, late, "at_column", message, remedy)


def unique_deals(ledger: Ledger, deals: pa.Table) -> pa.Table:
    """Each deal once: an identical row again is dropped, another with the same id rejected."""
    codes = pc.index_in(deals.column("deal_id"), deals.column("deal_id").unique()).to_numpy()
    _, first = np.unique(codes, return_index=True)
    again = np.ones(len(deals), bool)
    again[first] = False
    if not again.any():
        return deals
    later = np.flatnonzero(again)
    rows, firsts = (_rows(ledger, deals, places) for places in (later, first[codes[later]]))
    same = np.array([row == known for row, known in zip(rows, firsts, strict=True)])
    conflict = again.copy()
    conflict[later[same]] = False
    message = "another row has the same deal id but says something else."
    ledger.reject(deals, conflict, "deal_column", message, "Keep one row a deal.")
    ledger.skip(deals, again & ~conflict)
    repeats = int(same.sum())
    ledger.tell(
        repeats,
        "repeated row of a deal was left out.",
        "repeated rows of deals were left out.",
    )
    return deals.filter(pa.array(~again))


def _rows(ledger: Ledger, table: pa.Table, places: NDArray[np.int64]) -> list[str]:
    """The whole source rows of these facts or deals, as comparable texts."""
    chosen = table.take(pa.array(places))
    sheet, position, _ = origin_of(chosen)
    rows = np.full(len(places), "", object)
    for number in np.unique(sheet):
        here = np.flatnonzero(sheet == number)
        whole = ledger.sheets[number].source.table.take(pa.array(position[here]))
        for place, row in zip(here, whole.to_pylist(), strict=True):
            rows[place] = repr(row)
    return [str(row) for row in rows]


def settle(draft: Draft, before_creation: BeforeCreation) -> None:
    """Check facts against deals until no deal falls any more."""
    deals = -1
    while deals != len(draft.deals):
        deals = len(draft.deals)
        if before_creation is BeforeCreation.MOVE_CREATION:
            _move_creation(draft)
        _reject_before_creation(draft)
        draft.drop_rejected()
        _reject_second_outcomes(draft)
        draft.drop_rejected()
        _reject_unknown_deals(draft, final=deals == len(draft.deals))
        draft.drop_rejected()


def _move_creation(draft: Draft) -> None:
    """Deals start at their earliest fact that is no end, if that lies before their creation."""
    place = draft.places()
    counts = (place >= 0) & ~mask(pc.equal(draft.facts.column("kind"), Kind.OUTCOME.value))
    created = micros(draft.deals, "created_at").copy()
    before = created.copy()
    np.minimum.at(created, place[counts], micros(draft.facts, "at")[counts])
    moved = int((created != before).sum())
    if moved:
        column = draft.deals.schema.get_field_index("created_at")
        values = pa.array(created).cast(pa.timestamp("us", tz="UTC"))
        draft.deals = draft.deals.set_column(column, "created_at", values)
        draft.ledger.tell(
            moved,
            "deal starts earlier than written, at its first event.",
            "deals start earlier than written, at their first event.",
        )


def _reject_before_creation(draft: Draft) -> None:
    place = draft.places()
    created = micros(draft.deals, "created_at")[place] if len(draft.deals) else np.zeros(len(place))
    early = (place >= 0) & (micros(draft.facts, "at") < created)
    message = "this lies before the deal's creation."
    remedy = 'Correct the date, or set before_creation = "move_creation" for events.'
    draft.ledger.reject(draft.facts, early, "at_column", message, remedy)


def _reject_unknown_deals(draft: Draft, *, final: bool) -> None:
    """Facts whose deal is not there; told apart only once no deal falls any more."""
    unknown = draft.places() < 0
    if not final:
        return
    parts = origin_of(draft.facts)[2]
    lenient = np.array([part.unlinked_left_out for part in draft.ledger.parts], bool)
    left_out = unknown & (lenient[parts] if len(lenient) else unknown)
    draft.ledger.tell(
        int(left_out.sum()),
        "event belongs to no deal and is left out.",
        "events belong to no deal and are left out.",
    )
    message = "the event's deal is not known, or its row was rejected."
    remedy = "Add or mend the deal's row, or correct the id."
    draft.ledger.reject(draft.facts, unknown & ~left_out, "deal_column", message, remedy)
    draft.keep_facts(~unknown)


def _reject_second_outcomes(draft: Draft) -> None:
    """The first outcome stays; the same again is dropped, another later one rejected."""
    is_end = mask(pc.equal(draft.facts.column("kind"), Kind.OUTCOME.value))
    ends = draft.facts.filter(pa.array(is_end))
    if not len(ends):
        return
    first = _first_of_each_deal(ends)
    value = ends.column("value").to_numpy(zero_copy_only=False)
    again = first != np.arange(len(ends))
    conflict = again & (value != value[first])
    message = "the deal has already ended another way."
    draft.ledger.reject(ends, conflict, "at_column", message, "Keep one outcome a deal.")
    draft.ledger.tell(
        int((again & ~conflict).sum()),
        "repeated outcome was left out.",
        "repeated outcomes were left out.",
    )
    keep = np.ones(len(draft.facts), bool)
    keep[np.flatnonzero(is_end)[again & ~conflict]] = False
    draft.keep_facts(keep)


def _first_of_each_deal(ends: pa.Table) -> NDArray[np.int64]:
    """For each end the place of its deal's first end."""
    codes = pc.index_in(ends.column("deal_id"), ends.column("deal_id").unique()).to_numpy()
    order = np.lexsort((source_order(ends), micros(ends, "at"), codes))
    _, starts = np.unique(codes[order], return_index=True)
    return np.asarray(order[starts][codes], np.int64)


def source_order(facts: pa.Table) -> NDArray[np.int64]:
    """Rank of each fact by sheet, row and rule."""
    sheet, position, part = origin_of(facts)
    rank = np.empty(len(facts), np.int64)
    rank[np.lexsort((part, position, sheet))] = np.arange(len(facts))
    return rank


def drop_identical_rows(draft: Draft) -> None:
    """Events whose whole rows are the same, in one file or in several, are kept once."""
    groups = _alike(draft.facts)
    seen: set[tuple[int, str]] = set()
    keep = np.ones(len(draft.facts), bool)
    places = np.flatnonzero(groups >= 0)
    for place, row in zip(places, _rows(draft.ledger, draft.facts, places), strict=True):
        key = (int(groups[place]), row)
        keep[place] = key not in seen
        seen.add(key)
    draft.ledger.tell(
        int((~keep).sum()),
        "repeated row of an event was left out.",
        "repeated rows of events were left out.",
    )
    draft.keep_facts(keep)


def _alike(facts: pa.Table) -> NDArray[np.int64]:
    """A group number for facts that share all their columns with another fact, else -1."""
    names = EVENT_SCHEMA.names
    candidates = _at_shared_instants(facts)
    table = facts.select(names).append_column("place", pa.array(np.arange(len(facts))))
    grouped = (
        table.take(candidates).group_by(names).aggregate([("place", "count"), ("place", "list")])
    )
    many = grouped.filter(pc.greater(grouped.column("place_count"), 1))
    groups = np.full(len(facts), -1, np.int64)
    places = pc.list_flatten(many.column("place_list")).to_numpy()
    groups[places] = pc.list_parent_indices(many.column("place_list")).to_numpy()
    return groups


def _at_shared_instants(facts: pa.Table) -> NDArray[np.int64]:
    """Places of facts that share deal and instant with another: the few worth a closer look."""
    coded = pc.dictionary_encode(facts["deal_id"]).combine_chunks()
    deal = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    at = pc.cast(facts["at"], pa.int64()).to_numpy()
    order = np.lexsort((at, deal))
    same = np.flatnonzero((np.diff(deal[order]) == 0) & (np.diff(at[order]) == 0))
    return np.sort(order[np.union1d(same, same + 1)])
