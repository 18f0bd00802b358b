"""Several small counts side by side in one number, so that one running sum serves them all.

Every event adds the same to each count, be it that of the last week or that of all time; so a
counter has one place, and what tells the counts apart is only which events have left again.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir

_EXACT_BITS = 52
"""Whole numbers below 2**53 add exactly in float64, on every engine."""


@dataclass(frozen=True)
class Packing:
    """Where each counter lies.

    Attributes:
        counters: names, in the order in which they are packed.
        bits: room for one count; no count may reach ``2**bits``.
    """

    counters: tuple[str, ...]
    bits: int

    @classmethod
    def for_largest(cls, counters: tuple[str, ...], largest: int) -> Packing:
        """A packing in which every count can reach ``largest``."""
        return cls(counters, max(1, largest.bit_length()))

    @property
    def words(self) -> int:
        """How many numbers hold all counters."""
        return -(-len(self.counters) // self._per_word)

    @property
    def _per_word(self) -> int:
        return max(1, _EXACT_BITS // self.bits)

    def word_of(self, counter: str) -> int:
        """Index of the number that holds ``counter``."""
        return self.counters.index(counter) // self._per_word

    def one(self, counter: str) -> int:
        """What one more of ``counter`` adds to its number."""
        return 1 << self._shift(counter)

    def read(self, counter: str, word: ir.IntegerValue) -> ir.IntegerValue:
        """The count of ``counter`` in its ``word``."""
        return ((word >> self._shift(counter)) & ((1 << self.bits) - 1)).cast("int32")

    def holds(self, counter: str, word: ir.IntegerValue) -> ir.BooleanValue:
        """Whether the count of ``counter`` in its ``word`` is not 0."""
        return (word & (((1 << self.bits) - 1) << self._shift(counter))) != 0

    def _shift(self, counter: str) -> int:
        return self.counters.index(counter) % self._per_word * self.bits
