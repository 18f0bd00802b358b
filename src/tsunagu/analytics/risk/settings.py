"""What a caller may decide about the risk model; every default is argued here or in the docs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Choices for :meth:`RiskModel.fit`.

    Attributes:
        least_break_offs: fewer break-offs than this, and no trees are fitted.
        least_landmarks: fewer weekly landmarks than this, and no trees are fitted.
        ample_break_offs: break-offs with which own history carries most of the weight; only shown.
        kappa: break-offs at which own history (plain part and trees) and prior scorecard weigh the
            same.  From the learning curve of ``benchmarks/history.py``; see
            ``docs/reference/scorecard.md``.
        prior_events: expected events the prior base hazards are worth (gamma-Poisson).
        weighing_share: share of the outcomes, the latest, that weigh trees against the plain part.
        stopping_share: share of the remaining outcomes, the latest, that stop the boosting.
        within_weeks: trees and plain part learn how deals differ beside the level of their weeks;
            off only to measure what that buys.
        max_rows: person-period rows to learn from; more are thinned and weighted, survivors first.
            Half as many say how often to boost and how much the trees weigh.
        many_landmarks: of more weekly landmarks, trees are boosted at twice the rate and in half
            the rounds: with so many rows they came as far in half the time.
        share: of the landmarks that no break-off follows, how much to learn from; each then stands
            for as many as were left out (see ``sampling``).  For logs too large for one machine.
        rounds: most boosting rounds.
        patience: rounds without gain on the stopping slice before boosting ends.
        learning_rate: shrinkage of each round.
        leaves: leaves of a tree.  15 leaves of depth 4 give SHAP contributions some four times as
            quickly as 31 of depth 6 (blueprint, section 5).
        depth: greatest depth of a tree.
        leaf_rows: fewest person-period rows in a leaf.
        threads: threads of LightGBM on large logs; small ones use one, where a second only waits.
    """

    least_break_offs: int = 30
    least_landmarks: int = 500
    ample_break_offs: int = 200
    kappa: float = 10.0
    prior_events: float = 5.0
    weighing_share: float = 0.25
    stopping_share: float = 0.2
    within_weeks: bool = True
    max_rows: int = 1_000_000
    many_landmarks: int = 1_000_000
    share: float = 1.0
    rounds: int = 300
    patience: int = 30
    learning_rate: float = 0.06
    leaves: int = 15
    depth: int = 4
    leaf_rows: int = 50
    threads: int = 2

    def brisk(self) -> Settings:
        """The same with twice the learning rate, and half the rounds and the patience."""
        twice, rounds, patience = 2 * self.learning_rate, self.rounds // 2, self.patience // 2
        return replace(self, learning_rate=twice, rounds=rounds, patience=patience)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)
