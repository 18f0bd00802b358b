"""Several small counts side by side in one number, so that one running sum serves them all."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir

_EXACT_BITS = 52
"""Whole numbers below 2**53 add exactly in float64, on every engine."""


@dataclass(frozen=True)
class Packing:
    """Where each count lies.

    Attributes:
        counts: names, in the order in which they are packed.
        bits: room for one count; no count may reach ``2**bits``.
    """

    counts: tuple[str, ...]
    bits: int

    @classmethod
    def for_largest(cls, counts: tuple[str, ...], largest: int) -> Packing:
        """A packing in which every count can reach ``largest``."""
        return cls(counts, max(1, largest.bit_length()))

    @property
    def words(self) -> int:
        """How many numbers hold all counts."""
        return -(-len(self.counts) // self._per_word)

    @property
    def _per_word(self) -> int:
        return max(1, _EXACT_BITS // self.bits)

    def word_of(self, count: str) -> int:
        """Index of the number that holds ``count``."""
        return self.counts.index(count) // self._per_word

    def one(self, count: str) -> int:
        """What one more of ``count`` adds to its number."""
        return 1 << self._shift(count)

    def read(self, count: str, word: ir.IntegerValue) -> ir.IntegerValue:
        """The value of ``count`` in its ``word``."""
        return ((word >> self._shift(count)) & ((1 << self.bits) - 1)).cast("int32")

    def _shift(self, count: str) -> int:
        return self.counts.index(count) % self._per_word * self.bits
