"""What came, or would come, of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass
class Counts:
    """Rows by what becomes of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0

    def add(self, other: Counts) -> None:
        """Count ``other`` in."""
        self.new += other.new
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.rejected += other.rejected

    def as_json(self) -> dict[str, int]:
        """As kept on the import."""
        return asdict(self)

    @classmethod
    def kept(cls, known: Mapping[str, int]) -> Counts:
        """From what is kept on the import."""
        return cls(**{name: known.get(name, 0) for name in cls.__dataclass_fields__})
