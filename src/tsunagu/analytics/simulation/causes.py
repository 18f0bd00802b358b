"""True causes of interruptions and true effects of plays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.simulation.workdays import Floats


@dataclass(frozen=True)
class Cause:
    """One cause of the two-level taxonomy.

    Attributes:
        category: customer, competitor, internal or environment.
        detail: the second level.
        weight: share of the breaks that strike without a visible event; 0 for those that need one.
        topic: what a telling note speaks of (a key of ``vocabulary.CORES``).
    """

    category: str
    detail: str
    weight: float
    topic: str

    @property
    def name(self) -> str:
        """Both levels, as the event log has them: ``customer.budget_reviewed``."""
        return f"{self.category}.{self.detail}"


CAUSES: tuple[Cause, ...] = (
    Cause("customer", "needs_changed", 0.16, "needs"),
    Cause("customer", "policy_changed", 0.10, "policy"),
    Cause("customer", "budget_reviewed", 0.0, "budget"),
    Cause("customer", "contact_left", 0.0, "contact_left"),
    Cause("customer", "lost_interest", 0.18, "cooling"),
    Cause("competitor", "better_offer", 0.0, "competitor"),
    Cause("competitor", "discount", 0.0, "price"),
    Cause("internal", "policy_changed", 0.03, "internal"),
    Cause("internal", "owner_changed", 0.0, "handover"),
    Cause("internal", "reorganisation", 0.0, "handover"),
    Cause("internal", "lack_of_resources", 0.07, "internal"),
    Cause("internal", "poor_communication", 0.11, "internal"),
    Cause("internal", "wrong_information", 0.06, "internal"),
    Cause("internal", "slow_follow_up", 0.13, "internal"),
    Cause("environment", "economy", 0.06, "environment"),
    Cause("environment", "market", 0.04, "environment"),
    Cause("environment", "season", 0.03, "timing"),
    Cause("environment", "regulation", 0.03, "environment"),
)

CAUSE_NAMES: tuple[str, ...] = tuple(cause.name for cause in CAUSES)
CATEGORIES: tuple[str, ...] = ("customer", "competitor", "internal", "environment")

NO_PLAY = "none"
PLAYS: tuple[str, ...] = (
    NO_PLAY,
    "explain_and_listen",  # 説明と傾聴
    "joint_visit",  # 上司同行訪問
    "revised_proposal",  # 提案見直し
    "price_review",  # 条件見直し
    "new_contact",  # 別窓口の開拓
    "wait_and_nurture",  # 時期を待つ
)

STRENGTH: Floats = np.array([-0.6, 0.0, 0.9, 0.6, 0.5, 0.1, -0.4])
"""How much more a play is chosen as a case gets harder: the confounding of any naive comparison."""

LIKING: Floats = np.array(
    [
        [-0.4, 0.6, 0.0, 0.5, -0.3, 0.4, 0.3],
        [-0.4, 0.1, 0.2, 0.7, 0.9, -0.8, -0.6],
        [-0.4, 1.0, 0.8, 0.2, -0.5, 0.0, -0.6],
        [-0.4, 0.2, -0.2, 0.3, 0.2, -0.3, 1.0],
    ]
)
"""Log-weights of choosing a play (columns) for a category (rows): habits, not the best choice."""

BASE_RESUMING: Floats = np.array([-1.3, -1.6, -0.8, -1.4])
"""Log-odds of resuming without a play, middling case, by category."""

EFFECTS: Floats = np.array(
    [
        [0.0, 0.5, 0.6, 1.1, 0.2, 0.9, 0.4],
        [0.0, 0.2, 0.5, 1.2, 0.8, 0.2, -0.4],
        [0.0, 1.3, 1.1, 0.4, 0.2, 0.3, -0.6],
        [0.0, 0.3, 0.2, 0.6, 0.3, 0.1, 0.9],
    ]
)
"""True effects of plays (columns) on the log-odds of resuming, by category (rows)."""


def category_codes() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Index into :data:`CATEGORIES` of each cause."""
    return np.array([CATEGORIES.index(cause.category) for cause in CAUSES])
