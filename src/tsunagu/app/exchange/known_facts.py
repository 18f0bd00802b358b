"""Facts that stand in the database already, as columns, and what of new ones they leave free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import TextField
from django.db.models.functions import Cast
from numpy.typing import NDArray

from tsunagu.app.deals.models import Event
from tsunagu.app.exchange import natural_keys

Integers: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class KnownFacts:
    """Columns of equal length; ``at`` in microseconds since 1970, ``keys`` null for facts that no
    file of facts brought."""

    deals: Integers
    at: Integers
    keys: pa.Array

    @classmethod
    def of(cls, deal_ids: Iterable[int]) -> KnownFacts:
        """All facts of these deals: one query."""
        # As texts: converting instants one by one would take longer than all else of a chunk.
        rows = (
            Event.objects.filter(deal__in=list(deal_ids))
            .order_by()
            .values_list("deal_id", Cast("at", TextField()), "natural_key")
        )
        deals, at, keys = zip(*rows, strict=True) if rows else ((), (), ())
        return cls(np.array(deals, np.int64), _micros(at), pa.array(keys, pa.string()))

    def lacks(self, deals: Integers, keys: pa.Array) -> Mask:
        """Rows whose key neither these facts nor an earlier row of the same deal has."""
        keyed = self._keyed()
        return _first(keyed.deals, keyed.keys, deals, keys)

    def lacks_number(self, deals: Integers, keys: pa.Array) -> Mask:
        """Rows whose number neither these facts nor an earlier row of the deal has, or without."""
        keyed, found = self._keyed(), ~natural_keys.numbered(keys)
        mine, known = ~found, natural_keys.numbered(keyed.keys)
        found[mine] = _first(
            keyed.deals[known],
            natural_keys.numbers_of(keyed.keys.filter(pa.array(known))),
            deals[mine],
            natural_keys.numbers_of(keys.filter(pa.array(mine))),
        )
        return found

    def _keyed(self) -> KnownFacts:
        valid = self.keys.is_valid()
        kept = valid.to_numpy(zero_copy_only=False)
        return KnownFacts(self.deals[kept], self.at[kept], self.keys.filter(valid))

    def free(self, deals: Integers, at: Integers) -> Integers:
        """``at``, moved so that it rises within each deal and meets no instant of these facts.

        The rows of one deal stand together, so only deals with a clash are gone through.
        """
        at = at.copy()
        same = np.diff(deals, prepend=-1) == 0
        clash = (same & (np.diff(at, prepend=-1) <= 0)) | np.isin(at, self.at)
        stuck = np.unique(deals[clash])
        taken = self._instants(stuck)
        starts = np.flatnonzero(~same)
        ends = np.append(starts, len(at))[1:]
        for place in np.flatnonzero(np.isin(deals[starts], stuck)):
            start, end = int(starts[place]), int(ends[place])
            _move(at, start, end, taken.get(int(deals[start]), set()))
        return at

    def _instants(self, deals: Integers) -> dict[int, set[int]]:
        wanted = np.isin(self.deals, deals)
        found: dict[int, set[int]] = {}
        for deal, at in zip(self.deals[wanted].tolist(), self.at[wanted].tolist(), strict=True):
            found.setdefault(deal, set()).add(at)
        return found


def _micros(texts: Iterable[Any]) -> Integers:
    """Instants as the database writes them, in UTC, as microseconds since 1970."""
    plain = pc.replace_substring_regex(pa.array(texts, pa.string()), r"\+00$", "")
    return np.asarray(plain.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy())


def _first(known_deals: Integers, known: pa.Array, deals: Integers, words: pa.Array) -> Mask:
    """Which pairs of deal and word are neither known nor stand before."""
    every = pa.concat_arrays([known, words])
    codes = pc.dictionary_encode(every).indices.to_numpy().astype(np.int64)
    pairs = np.concatenate([known_deals, deals]) * (len(every) + 1) + codes
    first = np.zeros(len(every), bool)
    first[np.unique(pairs, return_index=True)[1]] = True
    return first[len(known) :]


def _move(at: Integers, start: int, end: int, taken: set[int]) -> None:
    last = -1
    for place in range(start, end):
        free = max(int(at[place]), last + 1)
        while free in taken:
            free += 1
        at[place] = last = free
