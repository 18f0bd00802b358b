"""What a caller may decide about the outcome model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tsunagu.analytics.outcomes.encoding import GROUPS


@dataclass(frozen=True)
class Settings:
    """Choices for :meth:`OutcomeModel.fit`; see ``docs/reference/foresight.md`` for what each buys.

    Attributes:
        groups: groups of features.
        rounds: boosting rounds.
        learning_rate: shrinkage of each round.
        leaves: leaves of a tree.
        leaf_rows: fewest moments in a leaf.
        row_share: share of the moments that each tree sees: those of one deal are much alike.
        column_share: share of the features that each tree sees.
        seeds: boosters that are averaged.
        linear: whether a logistic regression stands beside the trees.
        linear_rows: moments that it learns from at most.
        penalty: its L2 penalty a moment.
        chain: shares of the deals, in order of time, at which forward chaining cuts.
        known_only: whether a deal decided after a cut is unknown to what is learned before it.
        least_deals: fewest decided deals to learn from, and a tenth of it of each answer.
    """

    groups: tuple[str, ...] = tuple(GROUPS)
    rounds: int = 100
    learning_rate: float = 0.04
    leaves: int = 31
    leaf_rows: int = 50
    row_share: float = 0.2
    column_share: float = 0.3
    seeds: int = 3
    linear: bool = True
    linear_rows: int = 12_000
    penalty: float = 0.02
    chain: tuple[float, ...] = (0.6, 0.8)
    known_only: bool = True
    least_deals: int = 100

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)
