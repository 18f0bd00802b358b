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
        leaf_rows: fewest moments in a leaf, or a twentieth of all if that is less.
        tree_rows: moments that each tree sees at most: those of one deal are much alike.
        column_share: share of the features that each tree sees.
        seeds: boosters that are averaged.
        penalties: of the logistic regressions beside the trees, L2 a moment; none: trees alone.
        linear_rows: moments that they learn from at most.
        chain: shares of the deals, in order of time, at which forward chaining cuts to weigh the
            learners; none: they are blended evenly.
        known_only: whether a deal decided after a cut is unknown to what is learned before it.
        least_deals: fewest decided deals to learn from, and a tenth of it of each answer.
    """

    groups: tuple[str, ...] = tuple(GROUPS)
    rounds: int = 80
    learning_rate: float = 0.04
    leaves: int = 15
    leaf_rows: int = 200
    tree_rows: int = 16_000
    column_share: float = 0.3
    seeds: int = 3
    penalties: tuple[float, ...] = ()
    linear_rows: int = 12_000
    chain: tuple[float, ...] = ()
    known_only: bool = True
    least_deals: int = 100

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


AMPLE_DEALS = 2_000
"""With fewer decided deals, what tells of other deals and of the order of steps is mostly noise."""

_FOR_FEW = ("length", "counts", "recency", "hands", "attributes", "amounts")


def sized(deals: int) -> Settings:
    """Settings for as many decided deals.

    Few: fewer features, smaller trees, and logistic regressions as a second opinion.
    """
    if deals >= AMPLE_DEALS:
        return Settings()
    return Settings(groups=_FOR_FEW, leaves=5, penalties=(0.1, 1.0), chain=(0.6, 0.8))
